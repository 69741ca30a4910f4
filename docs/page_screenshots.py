"""Photograph the HTML pages for README and docs: part of `make screenshots`.

Each picture is the page of the command beside it, run in the folder beside it, as Chromium shows it
in the light and in the dark theme: a preview of the example in docs/example, and stats of the
demo's data, which is made for it. Needs the extras [tokens], [report] and [dev].
"""

import os
import shlex
import shutil
import subprocess
import sys
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dataset_tools.cli import dataset_tools

DOCS = Path(__file__).parent
IMAGES = DOCS / "images"
SCHEMES = ("light", "dark")
WIDTH, HEIGHT = 1000, 800  # CSS pixels
COMMANDS = {
    "preview-page": (DOCS, "preview --recipe example/recipe.yaml --row 3 --chunk-size 32"),
    "stats-page": (
        DOCS.parent,
        "stats demo/data/train.jsonl --tokenizer tests/data/preview/tokenizer --chunk-size 256",
    ),
}
# the token whose facts the picture of a preview shows
POINTED_AT = ".tokens .role-completion .token"


def main() -> None:
    """Write every picture."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("chromium is missing, which takes the pictures: apt-get install chromium")
    IMAGES.mkdir(exist_ok=True)
    subprocess.run([sys.executable, DOCS.parent / "demo" / "make_dataset.py"], check=True)
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, chromium_sandbox=os.geteuid() != 0
        )
        for name, (place, arguments) in COMMANDS.items():
            page = Path(folder, f"{name}.html")
            with chdir(place):
                dataset_tools(
                    [*shlex.split(arguments), "--quiet", "--html", str(page)],
                    standalone_mode=False,
                )
            for scheme in SCHEMES:
                take(browser, page, scheme, IMAGES / f"{name}-{scheme}.png")
        browser.close()


def take(browser: Any, file: Path, scheme: str, picture: Path) -> None:
    """Photograph a page: its upper part, or a record and what is told of one of its tokens."""
    page = browser.new_page(
        viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme, reduced_motion="reduce"
    )
    page.goto(file.as_uri())
    tokens = page.locator(POINTED_AT)
    if tokens.count():
        page.evaluate("document.querySelector('main').scrollIntoView()")
        tokens.last.hover()
    page.screenshot(path=picture)
    page.close()
    print(f"wrote docs/images/{picture.name}")


if __name__ == "__main__":
    main()

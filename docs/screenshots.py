"""Make the pictures of the README: `make screenshots`, or `python docs/screenshots.py`.

Each is the output of the command that its title shows, on the example in docs/example, so that no
picture can show what the program does not do. Needs the [tokens] extra.
"""

import io
import os
import re
import shlex
from pathlib import Path
from unittest.mock import patch

from rich.console import Console

from dataset_tools.cli import dataset_tools

DOCS = Path(__file__).parent
IMAGES = DOCS / "images"
WIDTH = 80  # columns
COMMANDS = {
    "preview.svg": "preview --recipe example/recipe.yaml --row 3 --chunk-size 32",
}
# rich has the picture fetch a font from the net; any font of one width does
_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def main() -> None:
    """Write every picture."""
    IMAGES.mkdir(exist_ok=True)
    os.chdir(DOCS)
    for name, arguments in COMMANDS.items():
        (IMAGES / name).write_text(picture(arguments), encoding="utf-8")
        print(f"wrote docs/images/{name}")


def picture(arguments: str) -> str:
    """What the command prints on a terminal, as SVG."""
    terminal = Console(
        width=WIDTH, record=True, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    with patch("dataset_tools.preview.terminal.Terminal", lambda color: terminal):
        dataset_tools.main(shlex.split(arguments), standalone_mode=False)
    svg = terminal.export_svg(title=f"dataset-tools {arguments}", unique_id="preview")
    return _FONT.sub("", svg)


if __name__ == "__main__":
    main()

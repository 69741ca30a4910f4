"""What the documentation shows of previews is what the commands print."""

import re
import shlex
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from dataset_tools.cli import dataset_tools

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"```console\n\$ dataset-tools ([^\n]*)\n(.*?)\n```", re.DOTALL)
BLOCKS = BLOCK.findall((DOCS / "preview.md").read_text("utf-8"))


@pytest.mark.parametrize(("arguments", "output"), BLOCKS, ids=[block[0] for block in BLOCKS])
def test_a_shown_command_prints_what_is_shown(
    arguments: str, output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each command of docs/preview.md, run in docs."""
    monkeypatch.chdir(DOCS)
    monkeypatch.setenv("COLUMNS", "80")

    done = CliRunner().invoke(dataset_tools, shlex.split(arguments), catch_exceptions=False)

    assert (0, output) == (done.exit_code, done.stdout.rstrip("\n"))


def test_the_page_shows_commands() -> None:
    """One of each kind: a record, packs, two recipes."""
    assert [
        next(flag for flag in ("--packs", "--compare", "--row") if flag in arguments)
        for arguments, _ in BLOCKS
    ] == ["--row", "--packs", "--compare"]


def test_pictures_are_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make screenshots` would write the same."""
    monkeypatch.syspath_prepend(str(DOCS))
    monkeypatch.chdir(DOCS)
    sys.modules.pop("screenshots", None)
    from screenshots import COMMANDS, IMAGES, picture  # type: ignore[import-not-found]

    for name, arguments in COMMANDS.items():
        assert (IMAGES / name).read_text("utf-8") == picture(arguments)

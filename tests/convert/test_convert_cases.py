"""Every example in `tests/cases/convert`: an input, a command line, and what comes of it.

A folder holds the inputs, `command.txt` with the command line, and `expected.jsonl`, or
`expected-error.txt` for a run that fails. `said.txt`, where there is one, is what the run says.
"""

import shlex
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from cli_runs import run

FOLDER = Path(__file__).parents[1] / "cases" / "convert"
OUTPUT = "out.jsonl"
MARKS = ("--separator", "--stop-sequence")


def case_folders(expected: str) -> list[str]:
    return sorted(path.parent.name for path in FOLDER.glob(f"*/{expected}"))


def command_of(case: Path) -> list[str]:
    program, *arguments = shlex.split((case / "command.txt").read_text(encoding="utf-8"))
    assert program == "dataset-tools"
    return arguments


@pytest.fixture
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the case's folder, to run in."""
    return shutil.copytree(FOLDER / request.param, tmp_path / "case")


@pytest.mark.parametrize("case", case_folders("expected.jsonl"), indirect=True)
def test_the_example_becomes_the_records_it_shows_and_lint_passes_them(case: Path) -> None:
    """What convert writes is what the example shows, byte for byte, and lint has no error in it."""
    arguments = command_of(case)
    done = run(*arguments, cwd=case)
    assert (done.returncode, done.stdout) == (0, b""), done.stderr.decode()
    assert (case / OUTPUT).read_bytes() == (case / "expected.jsonl").read_bytes()
    if (case / "said.txt").is_file():
        assert done.stderr.decode() == (case / "said.txt").read_text(encoding="utf-8")
    marks = [part for flag, value in pairwise(arguments) if flag in MARKS for part in (flag, value)]
    lint = run("lint", OUTPUT, *marks, cwd=case)
    assert lint.returncode == 0, lint.stdout.decode()


@pytest.mark.parametrize("case", case_folders("expected-error.txt"), indirect=True)
def test_the_bad_example_ends_with_one_line_and_no_file(case: Path) -> None:
    """A row or a choice that cannot work is told in one line, and nothing is left behind."""
    before = sorted(case.iterdir())
    done = run(*command_of(case), cwd=case)
    expected = (case / "expected-error.txt").read_text(encoding="utf-8")
    assert (done.returncode, done.stdout, done.stderr.decode()) == (2, b"", expected)
    assert sorted(case.iterdir()) == before


def test_every_folder_is_an_example() -> None:
    """No folder lies there unused, and each expects one thing."""
    expected = case_folders("expected.jsonl") + case_folders("expected-error.txt")
    assert sorted(expected) == sorted(path.name for path in FOLDER.iterdir())

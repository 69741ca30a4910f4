"""`--html` of preview and stats as people run it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_runs import run
from page_reading import check_page, read

ROWS = [
    '{"prompt": "Why?\\n##\\n", "completion": " So. END"}',
    '{"prompt": "How?\\n##\\n", "completion": " Thus."}',
    '{"prompt": "What?", "completion": " This. END"}',
]
COMMANDS = ["preview", "stats"]
MARKS = ("data.jsonl", "--separator", r"\n##\n", "--stop-sequence", " END")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data.jsonl").write_text("\n".join(ROWS) + "\n")
    (tmp_path / "recipe.yaml").write_text(
        'train_data: data.jsonl\nseparator: "\\n##\\n"\nstop_sequence: " END"\n'
        "run_validation: false\n"
    )
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_a_page_is_written(command: str, folder: Path) -> None:
    """The page is in its file, standard output stays empty, and a line says what was written."""
    done = run(command, "data.jsonl", "--html", "page.html", cwd=folder)

    assert done.returncode == 0
    assert done.stdout == b""
    told = {"preview": "1 row: written to page.html", "stats": "3 records: written to page.html"}
    assert done.stderr.decode().splitlines()[-1] == told[command]
    assert check_page((folder / "page.html").read_bytes()).first("h1").text == "data.jsonl"


def test_preview_shows_the_rows_asked_for(folder: Path) -> None:
    """Rows, marks and findings are those of the other formats."""
    run("preview", *MARKS, "--rows", "3", "--html", "page.html", cwd=folder)

    html = read((folder / "page.html").read_bytes())
    assert [each.attributes["id"] for each in html.all("section", "record")] == [
        "line-1",
        "line-2",
        "line-3",
    ]
    codes = [
        (row.attributes["data-code"], row.first("a").attributes["href"])
        for row in html.first("table", "findings").first("tbody").all("tr")
    ]
    assert ("DT303", "#line-2") in codes
    assert ("DT301", "#line-3") in codes


def test_stats_shows_what_lint_finds(folder: Path) -> None:
    """The counts by code on the page of stats are lint's own."""
    run("stats", *MARKS, "--html", "page.html", cwd=folder)
    linted = run("lint", *MARKS, "--format", "json", cwd=folder)

    rows = read((folder / "page.html").read_bytes()).first("table", "codes").first("tbody")
    counts = {row.first("code").text: int(row.first("td").text) for row in rows.all("tr")}
    assert counts == json.loads(linted.stdout)["counts"]
    assert counts["DT303"] == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_a_dash_is_standard_output(command: str, folder: Path) -> None:
    """With - the page itself is the output."""
    done = run(command, "data.jsonl", "--html", "-", cwd=folder)

    check_page(done.stdout)
    assert not (folder / "-").exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_is_there_is_kept(command: str, folder: Path) -> None:
    """An output is replaced with --force only."""
    (folder / "page.html").write_text("mine")

    done = run(command, "data.jsonl", "--html", "page.html", cwd=folder)

    assert done.returncode == 2
    assert done.stderr.decode().splitlines()[-1] == (
        "error: page.html: is there already; --force replaces it"
    )
    assert (folder / "page.html").read_text() == "mine"
    assert run(command, "data.jsonl", "--html", "page.html", "--force", cwd=folder).returncode == 0
    check_page((folder / "page.html").read_bytes())


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("data.jsonl", "--html", "data.jsonl", "--force"), "data.jsonl: is an input of this run"),
        (
            ("--recipe", "recipe.yaml", "--html", "recipe.yaml", "--force"),
            "recipe.yaml: is an input of this run",
        ),
        (("data.jsonl", "--html", "none/page.html"), "none/page.html: cannot be written"),
        (("data.jsonl", "--html", "/dev/full"), "cannot write: No space left"),
        (
            ("data.jsonl", "--html", "page.html", "--format", "json"),
            "--html and --format json: give one of them",
        ),
    ],
)
def test_misuse_exits_with_2(
    command: str, arguments: tuple[str, ...], words: str, folder: Path
) -> None:
    """One line says what cannot be done; the inputs stay as they are."""
    done = run(command, *arguments, cwd=folder)

    assert done.returncode == 2
    assert words in done.stderr.decode().splitlines()[-1]
    assert (folder / "data.jsonl").read_text() == "\n".join(ROWS) + "\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("preview", "--html", "p.html", "--packs"), "--html and --packs"),
        (("preview", "--html", "p.html", "--compare", "recipe.yaml"), "--html and --compare"),
        (("stats", "--html", "p.html", "--output-file", "o"), "--html and --output-file"),
        (("preview", "--force"), "--force: replaces a page; give --html FILE, too"),
        (("stats", "--force"), "--force: replaces a page; give --html FILE, too"),
    ],
)
def test_options_that_contradict(arguments: tuple[str, ...], words: str, folder: Path) -> None:
    """Both options are named."""
    done = run(*arguments, "data.jsonl", cwd=folder)

    assert done.returncode == 2
    assert words in done.stderr.decode()


@pytest.mark.parametrize(("command", "library"), [("preview", "jinja2"), ("stats", "matplotlib")])
def test_without_the_extra_one_line_names_it(command: str, library: str, folder: Path) -> None:
    """Where a library is missing, nothing is read or written, and the extra is named."""
    (folder / "without").mkdir()
    (folder / "without" / f"{library}.py").write_text("raise ImportError('not installed')\n")
    path = os.pathsep.join([str(folder / "without"), os.environ.get("PYTHONPATH", "")])

    done = run(command, "data.jsonl", "--html", "page.html", cwd=folder, PYTHONPATH=path)

    assert done.returncode == 2
    assert done.stderr.decode().splitlines()[-1] == (
        "error: an HTML report needs an extra: pip install 'axolotl-replicate[report]'"
    )
    assert not (folder / "page.html").exists()


def test_the_plotting_library_is_silent(folder: Path) -> None:
    """Where the library that draws has no folder for its cache, that is not told."""
    done = run("stats", "data.jsonl", "--html", "page.html", cwd=folder, MPLCONFIGDIR="/dev/null/x")

    assert done.stderr.decode().splitlines() == ["3 records: written to page.html"]


def test_other_runs_load_no_library_for_pages(folder: Path) -> None:
    """Neither the template engine nor the plotting library costs a run without --html anything."""
    code = (
        "import sys\nfrom dataset_tools.cli import dataset_tools\n"
        "for command in ('preview', 'stats'):\n"
        "    dataset_tools([command, 'data.jsonl'], standalone_mode=False)\n"
        "print([name for name in ('jinja2', 'matplotlib', 'markupsafe') if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "[]"


def test_a_file_name_that_is_no_text(folder: Path) -> None:
    """A name whose bytes are no UTF-8, with markup in it, is spelt on the page."""
    name = os.fsencode(str(folder)) + b"/<b>\xff\x1b.jsonl"
    Path(os.fsdecode(name)).write_text("\n".join(ROWS) + "\n")

    done = run("preview", os.fsdecode(b"<b>\xff\x1b.jsonl"), "--html", "page.html", cwd=folder)

    assert done.returncode == 0
    html = check_page((folder / "page.html").read_bytes())
    assert html.first("h1").text == "<b>\\udcff\\x1b.jsonl"

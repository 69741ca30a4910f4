"""The output formats of lint: what each looks like, and that no text from the data breaks it."""

import json
import os
import re
from pathlib import Path

import click
import orjson
import pytest
from cli_runs import run
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from sample_report import AWKWARD_PATH, add, finding, sample_report

from dataset_tools.lint import FileSummary, LintReport, LintSettings, check_source
from dataset_tools.lint.formats import FORMATS, render
from dataset_tools.lint.settings import GivenMark
from dataset_tools.printable import LONGEST_QUOTE, elided
from dataset_tools.sources import SourceFile

EXPECTED = Path(__file__).parent / "data" / "formats"
LONGEST_LINE = 600  # characters
TEXTS = st.text() | st.text(st.sampled_from("%:,\r\n[]()/\\=\x1b\ud83d\u2028a")).map(
    lambda text: f"::{text}"
)
# what the file system can name, undecodable bytes included
PATHS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.just("\udcff"),
    min_size=1,
)


def report_of(path: str, message: str) -> LintReport:
    report = LintReport()
    report.files.append(FileSummary(path, None, 1, 1, "\udcff", None, False))
    add(report, finding(path, 1, 1, "DT103", message))
    return report


@pytest.mark.parametrize("name", ["text", "grouped", "json", "github"])
def test_a_format_looks_as_expected(name: str) -> None:
    """A report is rendered to the last character as its expected file."""
    expected = (EXPECTED / f"{name}.txt").read_text(encoding="utf-8")

    assert expected == click.unstyle(render(sample_report(), name)) + "\n"


def test_the_grouped_report_on_a_terminal_looks_as_expected() -> None:
    """On a terminal the groups are coloured, and wrapped to its width."""
    expected = (EXPECTED / "grouped_terminal.txt").read_text(encoding="utf-8")

    assert expected == render(sample_report(), "grouped", terminal_width=60) + "\n"


@pytest.mark.parametrize("name", ["text", "json", "github", "sarif"])
def test_only_the_grouped_report_depends_on_the_terminal(name: str) -> None:
    """What programs read is the same on a terminal of whatever width."""
    assert render(sample_report(), name) == render(sample_report(), name, terminal_width=20)


def test_a_terminal_without_abilities_keeps_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither TERM nor NO_COLOR nor COLUMNS changes what is rendered for a terminal."""
    expected = render(sample_report(), "grouped", terminal_width=60)
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "20")

    assert expected == render(sample_report(), "grouped", terminal_width=60)


@given(path=PATHS, message=TEXTS)
def test_any_text_can_be_printed(path: str, message: str) -> None:
    """Whatever names and messages hold, lines hold no control character and can be encoded."""
    report = report_of(path, message)

    for name in ("text", "grouped", "github"):
        lines = click.unstyle(render(report, name)).split("\n")
        assert all(line.isprintable() for line in lines)


@given(path=PATHS, message=TEXTS, width=st.integers(40, 120))
def test_any_text_can_be_laid_out(path: str, message: str, width: int) -> None:
    """On a terminal no text is read as markup, sends a control code, or leaves its column."""
    shown = click.unstyle(render(report_of(path, message), "grouped", width))

    lines = shown.split("\n")
    assert all(line.isprintable() for line in lines)
    assert all(cell_len(line) <= width for line in lines)
    brackets = message.count("[") + path.count("[")
    assert brackets == shown.count("[")


@given(path=PATHS, message=TEXTS)
def test_strict_readers_read_the_json_report(path: str, message: str) -> None:
    """A reader that refuses half surrogate pairs gets the names and messages, those spelt."""
    document = orjson.loads(render(report_of(path, message), "json"))

    (found,) = document["findings"]
    assert spelt_surrogates(path) == found["path"] == document["files"][0]["path"]
    assert spelt_surrogates(message) == found["message"]
    assert document["files"][0]["separator"] == "\\udcff"


def spelt_surrogates(text: str) -> str:
    return re.sub("[\ud800-\udfff]", lambda match: f"\\u{ord(match[0]):04x}", text)


@given(path=PATHS, message=TEXTS)
def test_github_reads_back_what_was_written(path: str, message: str) -> None:
    """A command taken apart as GitHub does gives name, place, code and message again."""
    lines = re.split("\r\n|\r|\n", render(report_of(path, message), "github"))

    assert len(lines) == 2
    properties, data = parsed_command(lines[0])
    assert properties == {"file": spelt(path), "line": "1", "col": "1", "title": "DT103"}
    assert data == spelt(message)


def parsed_command(line: str) -> tuple[dict[str, str], str]:
    """The properties and the message of a command, by the order in which GitHub unescapes."""
    head, data = line.removeprefix("::").split("::", maxsplit=1)
    command, _, written = head.partition(" ")
    assert command == "warning"
    properties = dict(part.split("=", maxsplit=1) for part in written.split(","))
    data_escapes = {"%0D": "\r", "%0A": "\n"}
    return (
        {
            name: unescaped(value, data_escapes | {"%3A": ":", "%2C": ","})
            for name, value in properties.items()
        },
        unescaped(data, data_escapes),
    )


def unescaped(text: str, escapes: dict[str, str]) -> str:
    for escape, character in escapes.items():
        text = text.replace(escape, character)
    return text.replace("%25", "%")


def spelt(text: str) -> str:
    return "".join(
        each
        if each in "\r\n" or each.isprintable()
        else each.encode("unicode_escape").decode("ascii")
        for each in text
    )


@pytest.mark.parametrize("name", list(FORMATS))
def test_counts_are_complete_where_nothing_is_listed(name: str) -> None:
    """With a list cut to nothing, every format still tells how many findings there are."""
    report = LintReport()
    report.files.append(FileSummary("a.jsonl", "text", 1, 1, None, None, False))
    report.counts["DT201"] = 123

    assert "123" in render(report, name)


def test_a_file_named_twice_has_its_groups_once() -> None:
    """The same path given twice does not show its findings twice."""
    report = report_of("a.jsonl", "unknown key 'x'")
    report.files.append(report.files[0])

    assert render(report, "grouped").count("unknown key 'x'") == 1


def test_the_formats_of_the_command(tmp_path: Path) -> None:
    """`--format` takes every format, and a file gets the same text as a pipe."""
    (tmp_path / "bad.jsonl").write_text('{"prompt": "a", "completion": null}\n')

    for name in FORMATS:
        piped = run("lint", "bad.jsonl", "--format", name, cwd=tmp_path)
        to_file = ("--output-file", "report")
        run("lint", "bad.jsonl", "--format", name, *to_file, cwd=tmp_path)
        assert piped.returncode == 1
        assert b"DT102" in piped.stdout
        assert piped.stdout == (tmp_path / "report").read_bytes()


@pytest.mark.parametrize("name", list(FORMATS))
def test_names_and_keys_beyond_utf8_reach_the_file(name: str, tmp_path: Path) -> None:
    """A file name and a key that UTF-8 cannot hold end up in the report, not in a crash."""
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.jsonl"))
    odd.write_text('{"text": "a", "\\ud83d": 1}\n')

    done = run("lint", odd.name, "--format", name, "--output-file", "report", cwd=tmp_path)

    assert done.returncode == 1
    assert "DT107" in (tmp_path / "report").read_text(encoding="utf-8")


LONG = "x" * 10_000
OTHER = "y" * 10_000
PROMPT = '{"prompt": "a", "completion": "b'


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        pytest.param(f'{{"{LONG}": 1}}', {"DT101"}, id="one key"),
        pytest.param(
            json.dumps({f"{number}{LONG}": 1 for number in range(300)}), {"DT101"}, id="many keys"
        ),
        pytest.param(f'{PROMPT}", "{LONG}": 1}}', {"DT103"}, id="unknown key"),
        pytest.param(f'{PROMPT}", "{LONG}": 1, "{LONG}": 2}}', {"DT104"}, id="duplicate key"),
        pytest.param(f'{{"{LONG}" 1}}', {"DT005"}, id="no colon"),
        pytest.param(f'{PROMPT}", "weight": -1{"0" * 300}}}', {"DT111"}, id="weight"),
        pytest.param(f'{PROMPT}"}}', {"DT301", "DT303", "DT305"}, id="marks missing"),
        pytest.param(
            f'{{"prompt": "{LONG} {LONG}", "completion": "{OTHER} {OTHER}"}}',
            {"DT302", "DT304"},
            id="marks inside",
        ),
    ],
)
def test_messages_stay_short(line: str, codes: set[str], tmp_path: Path) -> None:
    """However long a key, a value or a mark is, the message about it is of readable length."""
    (tmp_path / "long.jsonl").write_text(f"{line}\n")
    report = LintReport()
    for stop_sequence in (OTHER, f"{LONG}#"):
        settings = LintSettings(GivenMark(LONG, "flag"), GivenMark(stop_sequence, "flag"))
        check_source(SourceFile("long.jsonl", tmp_path / "long.jsonl"), settings, report)

    assert codes <= report.counts.keys()
    words = [word for each in report.findings for word in each.message.split()]
    assert max(map(len, words)) <= LONGEST_QUOTE + len("'',")
    assert max(map(len, render(report, "text").split("\n"))) <= LONGEST_LINE


@pytest.mark.parametrize("length", [0, LONGEST_QUOTE - 1, LONGEST_QUOTE])
def test_a_short_quote_stays_whole(length: int) -> None:
    """Up to the limit nothing is left out."""
    assert elided("k" * length) == "k" * length


def test_a_long_quote_keeps_both_ends() -> None:
    """Beyond the limit the middle goes, and the quote is as long as the limit."""
    shown = elided("start" + LONG + "end")

    assert shown.startswith("startx")
    assert shown.endswith("xend")
    assert len(shown) == LONGEST_QUOTE


def test_the_place_in_the_text_format_is_one_line() -> None:
    """A line break in a file's name does not break the line that names it."""
    lines = click.unstyle(render(sample_report(), "text")).split("\n")

    assert len([line for line in lines if line.startswith("data/50%, a:b\\n[bold]é.jsonl:")]) == 8
    assert "\n" in AWKWARD_PATH

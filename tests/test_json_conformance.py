"""The verdict of RFC 8259 on every file of a JSON conformance suite, one line among good ones."""

import json
from collections import defaultdict
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from cli_runs import run

REPOSITORY = Path(__file__).parents[1]
SUITE = Path(__file__).parent / "data" / "json_conformance" / "test_parsing"
DECISIONS = REPOSITORY / "docs" / "json-decisions.md"
ABOUT_JSON = {"DT002", "DT004", "DT005", "DT007", "DT104", "DT106", "DT107"}
LEFT_OUT = "n_string_unescaped_newline"  # no line can hold it
PLACES = {
    "a line of its own": b"%s",
    "the value of an unknown key": b'{"prompt": "a", "completion": "b", "x": %s}',
}


def decisions(place: str) -> dict[str, set[str]]:
    """The table of the decisions' page: file or pattern → the codes expected at this place."""
    _, _, table = DECISIONS.read_text("utf-8").partition("| file |")
    column = list(PLACES).index(place) + 1
    cells = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return {row[0].strip("`"): set(row[column].split()) - {"-"} for row in cells}


def decision(name: str, rows: dict[str, set[str]]) -> set[str]:
    return rows[max((row for row in rows if fnmatchcase(name, row)), key=len)]


def suite() -> dict[str, bytes]:
    """The suite's texts by file name, each fit to stand in a line."""
    return {
        path.stem: path.read_bytes().rstrip(b"\n").replace(b"\n", b" ")
        for path in sorted(SUITE.iterdir())
        if path.stem != LEFT_OUT
    }


def test_the_suite_is_whole() -> None:
    """All files of the suite are there, so that none goes untested unseen."""
    names = [path.name for path in SUITE.iterdir()]

    counts = {kind: sum(name.startswith(kind) for name in names) for kind in ("y_", "n_", "i_")}
    assert counts == {"y_": 95, "n_": 188, "i_": 35}


@pytest.mark.parametrize("place", PLACES)
def test_every_file_gets_its_verdict_at_its_line(place: str, tmp_path: Path) -> None:
    """Each text gives the finding decided for it, and the good lines around it give none."""
    content, names = b"", {}
    for number, (name, text) in enumerate(suite().items(), 1):
        content += b'{"prompt": "a%d", "completion": "b%d"}\n' % (number, number)
        content += PLACES[place] % text + b"\n"
        names[2 * number] = name
    (tmp_path / "data.jsonl").write_bytes(content)

    done = run("lint", "data.jsonl", "--format", "json", "--ignore", "DT4", cwd=tmp_path)

    found = defaultdict(set)
    for finding in json.loads(done.stdout)["findings"]:
        found[finding["line"]].add(finding["code"])
    rows = decisions(place)
    assert set(found) <= set(names)
    assert {name: found[line] & ABOUT_JSON for line, name in names.items()} == {
        name: decision(name, rows) for name in names.values()
    }


@pytest.mark.parametrize("place", PLACES)
def test_the_decisions_agree_with_the_rfc(place: str) -> None:
    """What the RFC refuses is refused; what it accepts is called malformed nowhere."""
    rows = decisions(place)
    wrong = [
        name
        for name in suite()
        if (name.startswith("n_") and not decision(name, rows))
        or (name.startswith("y_") and decision(name, rows) - {"DT104"})
    ]

    assert wrong == []


def test_every_decision_is_about_a_file() -> None:
    """No row of the table names a file that is not there, and each open case has a row."""
    rows = set(decisions("a line of its own"))
    names = set(suite())

    assert {row for row in rows if "*" not in row} <= names
    assert {name for name in names if name.startswith("i_")} <= rows

"""DT401 and DT402 find what a look at all pairs of records finds, however they go about it."""

import json
from collections import Counter
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.lint.pieces import PIECE_BYTES
from dataset_tools.lint.settings import GivenMark
from dataset_tools.rules import RULES, hash_log, record_hashes, repeats
from dataset_tools.rules.hash_log import mixed
from dataset_tools.sources import SourceFile

CODES = ("DT401", "DT402")
SEPARATOR = "\n##\n"
PROMPTS = ["", SEPARATOR, " ", f" \t{SEPARATOR}", "#", "one", f"one{SEPARATOR}", "two", "é"]
ALWAYS, NEVER = 1, 10**9  # records that must share a prompt for it to count as shared

rows = st.tuples(st.sampled_from(PROMPTS), st.sampled_from(["x", "y", "z", ""]))
texts = st.tuples(st.none(), st.sampled_from(["x", "y", "z", " x"]))
files = st.one_of(st.lists(rows, max_size=30), st.lists(texts, max_size=30))
Row = tuple[str | None, str]


def expected(table: list[Row]) -> list[tuple[str, int, str]]:
    """Code, line and the line of the first, found by comparing all records."""
    found = []
    for number, (prompt, completion) in enumerate(table, 1):
        same = [line for line, row in enumerate(table, 1) if row == (prompt, completion)]
        if same[0] < number:
            found.append(("DT401", number, f"line {same[0]}"))
        first = [prompt for prompt, _ in table].index(prompt)
        says_something = prompt is not None and prompt.removesuffix(SEPARATOR).strip()
        if says_something and table[first][1] != completion and len({row[0] for row in table}) > 1:
            found.append(("DT402", number, f"line {first + 1}"))
    return sorted(found)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to be written anew for each example."""
    return tmp_path_factory.mktemp("repeats") / "data.jsonl"


@given(
    table=files,
    fewest_sharing=st.sampled_from([ALWAYS, 3, NEVER]),
    held=st.sampled_from([1, 4]),
    at_once=st.sampled_from([1, 4, 1000]),
    piece_bytes=st.sampled_from([1, 100, 10**6]),
    wants_fingerprints=st.booleans(),
    max_findings=st.sampled_from([1, 1000]),
)
@example([("one", "x"), ("one", "y"), ("two", "x"), ("one", "y")], NEVER, 1, 1, 1, False, 1)
@example([("", "x"), ("one", "x"), ("", "y"), ("", "x")], ALWAYS, 1, 1, 1, False, 1)
def test_all_repeats_are_found(
    scratch: Path,
    table: list[Row],
    fewest_sharing: int,
    held: int,
    at_once: int,
    piece_bytes: int,
    wants_fingerprints: bool,
    max_findings: int,
) -> None:
    """One log of hashes or two, spilled or not, all looked at or a few at a time: the same."""
    keys = ("text",) if table and table[0][0] is None else ("prompt", "completion")
    lines = [json.dumps(dict(zip(keys, row[-len(keys) :], strict=True))) for row in table]
    scratch.write_text("".join(f"{line}\n" for line in lines))
    settings = LintSettings(
        rules=tuple(RULES[code] for code in CODES),
        separator=GivenMark(SEPARATOR, "flag"),
        wants_fingerprints=wants_fingerprints,
        max_findings=max_findings,
    )
    report = LintReport()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(record_hashes, "FEWEST_SHARING", fewest_sharing)
        patched.setattr(hash_log, "HELD_HASHES", held)
        patched.setattr(hash_log, "HASHES_AT_ONCE", held)
        patched.setattr(repeats, "ROWS_AT_ONCE", at_once)
        check_source(SourceFile("x", scratch), settings, report, piece_bytes=piece_bytes)

    found = [(each.code, each.line, each.message.split(" in ")[1]) for each in report.findings]
    wanted = expected(table)
    assert report.counts == Counter(code for code, _, _ in wanted)
    first_ones = [[each for each in wanted if each[0] == code][:max_findings] for code in CODES]
    assert sorted(found) == [*chain(*first_ones)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_piece_of_the_shortest_records(jobs: int, tmp_path: Path) -> None:
    """Records are compared however many of them a piece of the file holds."""
    line = b'{"text":""}\n'
    count = PIECE_BYTES // len(line) + 10
    path = tmp_path / "data.jsonl"
    path.write_bytes(line * count)
    report = LintReport()

    settings = LintSettings(rules=(RULES["DT401"],), max_findings=0)
    check_source(SourceFile(path.name, path), settings, report, jobs=jobs)

    assert report.counts == {"DT401": count - 1}


@pytest.mark.parametrize("fewest_sharing", [ALWAYS, NEVER])
@pytest.mark.parametrize("wants_fingerprints", [True, False])
def test_partitions_are_compared_by_several_processes(
    fewest_sharing: int,
    wants_fingerprints: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is found does not depend on how many processes read and compare the candidates."""
    monkeypatch.setattr(record_hashes, "FEWEST_SHARING", fewest_sharing)
    monkeypatch.setattr(repeats, "ROWS_AT_ONCE", 500)
    path = tmp_path / "data.jsonl"
    with path.open("w") as stream:
        for number in range(9000):
            row = {
                "prompt": f"What is {number % 2900}?",
                "completion": f" {number % 7}" + "." * 4000,
            }
            stream.write(f"{json.dumps(row)}\n")
    settings = LintSettings(
        rules=tuple(RULES[code] for code in CODES),
        wants_fingerprints=wants_fingerprints,
        max_findings=20_000,
    )
    reports = [LintReport(), LintReport()]

    for jobs, report in enumerate(reports, 1):
        check_source(SourceFile(path.name, path), settings, report, jobs=jobs)

    assert reports[0] == reports[1]
    # each of the 2,900 prompts comes again, always with another completion
    assert reports[0].counts == {"DT402": 9000 - 2900}


def test_lines_without_records_behind_hashes_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A piece without records, behind one whose hashes went to disk, changes nothing."""
    monkeypatch.setattr(record_hashes, "FEWEST_SHARING", ALWAYS)
    monkeypatch.setattr(hash_log, "HELD_HASHES", 5)
    path = tmp_path / "data.jsonl"
    lines = [f'{{"prompt":"{n % 2}","completion":"{n}"}}\n' for n in range(6)]
    path.write_text("".join(lines) + "\n" * 50)
    settings = LintSettings(rules=tuple(RULES[code] for code in CODES), max_findings=0)
    report = LintReport()

    check_source(
        SourceFile(path.name, path), settings, report, piece_bytes=len(lines) * len(lines[0])
    )

    assert report.counts == {"DT402": 4}


def test_rows_with_the_same_key_are_told_apart() -> None:
    """Different rows whose columns make the same 64 bits are different all the same."""
    key = int(mixed(np.array([5]), np.array([7]))[0])
    firsts, seconds = np.array([5, 3, 3, 5, 8]), np.array([7, 0, 0, 7, 0])
    with np.errstate(over="ignore"):
        for row in (1, 2, 4):
            seconds[row] = np.int64(key) - mixed(firsts[row], np.int64(0))
    assert set(mixed(firsts, seconds).tolist()) == {key}

    assert repeats.first_alike([firsts, seconds]).tolist() == [0, 1, 1, 0, 4]

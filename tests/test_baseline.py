"""Baseline files: what is written is read back, and nothing else is taken for one."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dataset_tools.errors import InputError
from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.lint.baseline import Baseline, read_baseline, write_baseline
from dataset_tools.sources import SourceFile

GOOD = b'{"prompt": "a", "completion": "b"}\n'
LINES = st.sampled_from(
    [GOOD, b'{"text": "a"}\n', b"\n", b"\r\n", b"{\n", b'{"prompt": "\n', b"\xff\n",
     b'{"text": 1}\n', b'{"prompt": "a", "completion": ""}\n', b"[1]\n",
     b'{"prompt": "a", "completion": "b", "id": 1}\n']
)  # fmt: skip
FINDINGS = ["DT301:0a1b", "DT301:00ff", "DT401:7", "DT102:abc", "DT401:7"]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """Every finding returns as often as it was there, and an empty baseline is a baseline."""
    path = tmp_path / "baseline.json"

    write_baseline(path, FINDINGS)
    baseline = read_baseline(path)
    assert [baseline.accepts(each) for each in FINDINGS] == [True] * len(FINDINGS)
    assert [baseline.accepts(each) for each in FINDINGS] == [False] * len(FINDINGS)

    write_baseline(path, ())
    assert not read_baseline(path).accepts(FINDINGS[0])


def test_the_file_is_sorted_and_complete(tmp_path: Path) -> None:
    """Codes and fingerprints stand in order, whatever order the findings came in."""
    first, second = tmp_path / "first.json", tmp_path / "second.json"

    write_baseline(first, sorted(FINDINGS))
    write_baseline(second, sorted(FINDINGS, reverse=True))

    document = json.loads(first.read_text())
    assert first.read_bytes() == second.read_bytes()
    assert document == {
        "version": 1,
        "findings": {"DT102": ["abc"], "DT301": ["00ff", "0a1b"], "DT401": ["7", "7"]},
    }
    assert list(document["findings"]) == ["DT102", "DT301", "DT401"]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A folder that is not there is one line with the path."""
    path = tmp_path / "missing" / "baseline.json"

    with pytest.raises(InputError, match=r"missing/baseline\.json: cannot be written"):
        write_baseline(path, FINDINGS)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ":1:1: not a baseline: malformed JSON"),
        (b'{"version": 1,\n "findings": }', ":2:14: not a baseline: malformed JSON"),
        (b'{"version": 1, "findings": "\xff"}', "not a baseline: 'utf-8' codec can't decode"),
        (b"[" * 100_000, "nested too deep"),
        (b"[]", "found [], expected version and findings"),
        (b'{"findings": {}}', "expected version and findings"),
        (b'{"version": 2, "findings": {}}', "version: found 2, expected 1"),
        (b'{"version": true, "findings": {}}', "version: found True, expected 1"),
        (b'{"version": 1}', "findings: found None, expected an object"),
        (b'{"version": 1, "findings": {"E501": []}}', "found 'E501', expected rule codes"),
        (b'{"version": 1, "findings": {"DT301": "00"}}', "DT301: found '00', expected a list"),
        (b'{"version": 1, "findings": {"DT301": [0]}}', "DT301: found [0], expected a list"),
        (b'{"version": 1, "findings": {"DT301": ["x y"]}}', "DT301: found ['x y'], expected"),
    ],
)
def test_what_is_no_baseline_is_named(content: bytes, words: str, tmp_path: Path) -> None:
    """One line says which file it is, what was found and what was expected."""
    path = tmp_path / "baseline.json"
    path.write_bytes(content)

    with pytest.raises(InputError) as refused:
        read_baseline(path)

    assert str(refused.value).startswith(str(path))
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_baseline_says_what_makes_one(tmp_path: Path) -> None:
    """The first run of a team that has none yet is told the next step."""
    with pytest.raises(InputError, match=r"none\.json: cannot be read: .*; --write-baseline makes"):
        read_baseline(tmp_path / "none.json")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("baseline") / "data.jsonl"


@given(
    content=st.lists(LINES, max_size=30).map(b"".join),
    piece_bytes=st.integers(4, 200),
    max_findings=st.integers(1, 40),
    accepted=st.lists(st.integers(0, 40)),
)
@example(content=b'{\n{\n{"prompt": "\n', piece_bytes=200, max_findings=1, accepted=[0])
@settings(deadline=None)
def test_a_baseline_accepts_each_finding_as_often_as_it_holds_it(
    scratch: Path, content: bytes, piece_bytes: int, max_findings: int, accepted: list[int]
) -> None:
    """Of findings that are alike, those that come first; wherever the file is cut into pieces."""
    scratch.write_bytes(content)
    every = LintReport()
    source = SourceFile("data.jsonl", scratch)
    check_source(source, LintSettings(wants_fingerprints=True), every)
    fingerprints = [each.fingerprint or "" for each in every.findings]
    chosen = [fingerprints[place] for place in accepted if place < len(fingerprints)]
    left = Baseline(chosen)
    expected = [each for each in every.findings if not left.accepts(each.fingerprint or "")]

    report = LintReport()
    limited = LintSettings(baseline=Baseline(chosen), max_findings=max_findings)
    check_source(source, limited, report, piece_bytes=piece_bytes)

    assert report.counts == Counter(each.code for each in expected)
    assert report.fingerprints == Counter(each.fingerprint for each in expected)
    for code in report.counts:
        of_code = [each for each in expected if each.code == code]
        assert of_code[:max_findings] == [each for each in report.findings if each.code == code]


def test_processes_share_what_a_baseline_accepts(scratch: Path) -> None:
    """Thirty accepted findings are the first thirty, whichever process finds them."""
    scratch.write_bytes(b"{\n" * 60 + GOOD)
    every = LintReport()
    source = SourceFile("data.jsonl", scratch)
    check_source(source, LintSettings(wants_fingerprints=True), every)
    (alike,) = {each.fingerprint for each in every.findings if each.code == "DT005"}

    report = LintReport()
    settings = LintSettings(baseline=Baseline([alike or ""] * 30))
    check_source(source, settings, report, jobs=3, piece_bytes=20)

    assert [each.line for each in report.findings if each.code == "DT005"] == list(range(31, 61))

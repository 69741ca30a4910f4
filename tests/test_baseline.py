"""Baseline files: what is written is read back, and nothing else is taken for one."""

import json
from pathlib import Path

import pytest

from dataset_tools.errors import InputError
from dataset_tools.lint.baseline import read_baseline, write_baseline

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

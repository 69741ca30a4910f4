"""The benchmarks measure what they say: clean data is clean, every spoilt row has its finding."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from rows_with_findings import CLEAN, FINDING_KINDS, TWICE, write_rows_with_findings
from training_data import RECORD_BYTES, SEPARATOR, STOP_SEQUENCE, write_training_data

from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.lint.settings import GivenMark
from dataset_tools.sources import SourceFile

SIZE = 400_000


def lint(path: Path, settings: LintSettings) -> LintReport:
    report = LintReport()
    check_source(SourceFile(path.name, path), settings, report)
    return report


@pytest.mark.parametrize("record_bytes", RECORD_BYTES)
def test_training_data_is_clean(record_bytes: int, tmp_path: Path) -> None:
    """Nothing is to be said about it, its marks are inferred, its records have the size asked."""
    path = tmp_path / "data.jsonl"
    count = write_training_data(path, SIZE, record_bytes)

    report = lint(path, LintSettings())

    (summary,) = report.files
    assert report.findings == []
    assert (SEPARATOR, STOP_SEQUENCE, count) == (
        summary.separator,
        summary.stop_sequence,
        summary.records,
    )
    assert abs(summary.bytes / count - record_bytes) < record_bytes / 10


def test_training_data_follows_from_the_seed(tmp_path: Path) -> None:
    """The same seed gives the same bytes, another seed others."""
    contents = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_training_data(tmp_path / name, SIZE, 300, seed)
        contents.append((tmp_path / name).read_bytes())

    assert contents[0] == contents[1]
    assert contents[0] != contents[2]


def test_training_data_has_its_share_of_escapes_and_other_scripts(tmp_path: Path) -> None:
    """30 % of the records hold them; both ways to spell a character are in use."""
    path = tmp_path / "data.jsonl"
    count = write_training_data(path, SIZE, 300)
    lines = path.read_text("utf-8").split("\n")[:-1]

    texts = ("".join(json.loads(line).values()).replace(SEPARATOR, "") for line in lines)
    special = sum(re.search(r'[^ -~]|["\\]', text) is not None for text in texts)

    assert 0.25 < special / count < 0.35
    assert any(not line.isascii() for line in lines)
    assert any(r"\u" in line for line in lines)


def test_every_spoilt_row_has_one_finding(tmp_path: Path) -> None:
    """Each kind of file holds as many findings as rows, all of the one code."""
    files = write_rows_with_findings(tmp_path, SIZE, 300)
    settings = LintSettings(separator=GivenMark(SEPARATOR, "flag"))
    reports = {name: lint(path, settings) for name, path in files.items()}
    rows = reports[CLEAN].files[0].records

    counts = {name: report.counts for name, report in reports.items()}
    expected = {kind: Counter({code: rows}) for kind, (code, _) in FINDING_KINDS.items()}
    assert counts == {CLEAN: Counter(), **expected, TWICE: Counter({"DT401": rows // 2})}

"""Every planted fault is found at its line, and nothing else."""

from pathlib import Path

import pytest
from planted_faults import JOBS, Expected, differences, write_planted_faults

from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.sources import SourceFile

RECORDS = 20_000
PLANTED = 343  # findings: 341 faults with a line of their own, the BOM, the first CRLF


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Expected]:
    path = tmp_path_factory.mktemp("planted") / "data.jsonl"
    return path, write_planted_faults(path, RECORDS)


@pytest.mark.parametrize("jobs", JOBS)
def test_all_planted_faults_are_found_and_nothing_else(
    jobs: int, planted: tuple[Path, Expected]
) -> None:
    """Twenty megabytes with faults of every kind: no line is missed, none is wrongly accused."""
    path, expected = planted
    report = LintReport()

    check_source(SourceFile("data.jsonl", path), LintSettings(), report, jobs=jobs)

    found = ((each.line, each.code, str(each.severity)) for each in report.findings)
    assert len(expected) == PLANTED
    assert differences(expected, found) == ([], [])
    assert not report.truncated

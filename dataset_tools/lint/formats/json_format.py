"""The report as one JSON object, for programs; `version` changes when a field changes meaning.

Half surrogate pairs, which strict readers refuse, are spelt as escapes in names and messages.
"""

import json

from dataset_tools.findings import Finding, Severity
from dataset_tools.lint.report import FileSummary, LintReport
from dataset_tools.printable import encodable

VERSION = 1


def render(report: LintReport) -> str:
    """The report as indented JSON; counts are complete even where findings are cut."""
    document = {
        "version": VERSION,
        "files": [_file(file) for file in report.files],
        "summary": {str(severity): report.count_of(severity) for severity in Severity},
        "counts": dict(sorted(report.counts.items())),
        "truncated": report.truncated,
        "findings": [_finding(finding) for finding in report.findings],
    }
    return json.dumps(document, indent=2)


def _file(file: FileSummary) -> dict[str, object]:
    return {
        "path": encodable(file.path),
        "format": file.format,
        "records": file.records,
        "bytes": file.bytes,
        "separator": None if file.separator is None else encodable(file.separator),
        "stop_sequence": None if file.stop_sequence is None else encodable(file.stop_sequence),
        "inferred": file.inferred,
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "path": encodable(finding.path),
        "line": finding.line,
        "column": finding.column,
        "message": encodable(finding.message),
        "fixable": finding.fixable,
    }

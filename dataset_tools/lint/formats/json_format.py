"""The report as one JSON object, for programs; `version` changes when a field changes meaning."""

import json
from dataclasses import asdict

from dataset_tools.findings import Severity
from dataset_tools.lint.report import LintReport

VERSION = 1


def render(report: LintReport) -> str:
    """The report as indented JSON; counts are complete even where findings are cut."""
    document = {
        "version": VERSION,
        "files": [asdict(file) for file in report.files],
        "summary": {str(severity): report.count_of(severity) for severity in Severity},
        "counts": dict(sorted(report.counts.items())),
        "truncated": report.truncated,
        "findings": [
            {
                "code": finding.code,
                "severity": str(finding.severity),
                "path": finding.path,
                "line": finding.line,
                "column": finding.column,
                "message": finding.message,
                "fixable": finding.fixable,
            }
            for finding in report.findings
        ],
    }
    return json.dumps(document, indent=2)

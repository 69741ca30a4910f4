"""The report as workflow commands, which GitHub shows beside the lines they name.

Syntax and escapes are those of GitHub's "Workflow commands for GitHub Actions".
"""

import click

from dataset_tools.findings import Finding, Severity
from dataset_tools.lint.formats.text_format import summary_line
from dataset_tools.lint.report import LintReport

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_MESSAGE_ESCAPES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY_ESCAPES = _MESSAGE_ESCAPES | str.maketrans({":": "%3A", ",": "%2C"})


def render(report: LintReport) -> str:
    """A command a finding, then the summary, which GitHub leaves in the log."""
    commands = [_command(finding) for finding in report.findings]
    return "\n".join([*commands, click.unstyle(summary_line(report))])


def _command(finding: Finding) -> str:
    properties = {
        "file": finding.path,
        "line": finding.line,
        "col": finding.column,
        "title": finding.code,
    }
    written = ",".join(
        f"{name}={str(value).translate(_PROPERTY_ESCAPES)}" for name, value in properties.items()
    )
    message = finding.message.translate(_MESSAGE_ESCAPES)
    return f"::{_COMMANDS[finding.severity]} {written}::{message}"

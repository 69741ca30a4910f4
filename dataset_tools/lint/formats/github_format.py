"""The report as workflow commands, which GitHub shows beside the lines they name.

Syntax and escapes are those of GitHub's "Workflow commands for GitHub Actions". A command is one
line, so line breaks are escaped as GitHub has it; other control characters are spelt, since the
log is also read in terminals.
"""

import re

import click

from dataset_tools.findings import Finding, Severity
from dataset_tools.lint.formats.text_format import cut_lines, summary_line
from dataset_tools.lint.report import LintReport
from dataset_tools.printable import printable

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_MESSAGE_ESCAPES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY_ESCAPES = _MESSAGE_ESCAPES | str.maketrans({":": "%3A", ",": "%2C"})
_BETWEEN_LINE_BREAKS = re.compile(r"[^\r\n]+")


def render(report: LintReport) -> str:
    """A command a finding, then what is not listed and the summary, which stay in the log."""
    commands = [_command(finding) for finding in report.findings]
    return "\n".join([*commands, *cut_lines(report), click.unstyle(summary_line(report))])


def _command(finding: Finding) -> str:
    properties = {
        "file": _spelt(finding.path),
        "line": str(finding.line),
        "col": str(finding.column),
        "title": finding.code,
    }
    written = ",".join(
        f"{name}={value.translate(_PROPERTY_ESCAPES)}" for name, value in properties.items()
    )
    message = _spelt(finding.message).translate(_MESSAGE_ESCAPES)
    return f"::{_COMMANDS[finding.severity]} {written}::{message}"


def _spelt(text: str) -> str:
    return _BETWEEN_LINE_BREAKS.sub(lambda part: printable(part[0]), text)

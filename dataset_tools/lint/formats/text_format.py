"""The report for people: a line a finding, a line a file, and the sum at the end."""

import click

from dataset_tools.findings import Finding, Severity
from dataset_tools.lint.report import FileSummary, LintReport
from dataset_tools.printable import printable

_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}


def render(report: LintReport) -> str:
    """`PATH:LINE:COL: CODE message` lines, then what was read, then the summary."""
    return "\n".join(
        [
            *(_finding_line(finding) for finding in report.findings),
            *_cut_lines(report),
            *(_file_line(file) for file in report.files),
            summary_line(report),
        ]
    )


def summary_line(report: LintReport) -> str:
    """The sum of the report in one line."""
    total = ", ".join(
        _plural(report.count_of(severity), noun)
        for severity, noun in (
            (Severity.ERROR, "error"),
            (Severity.WARNING, "warning"),
            (Severity.INFO, "note"),
        )
    )
    records = sum(file.records for file in report.files)
    text = f"{total} in {_plural(len(report.files), 'file')}, {_plural(records, 'record')}"
    return click.style(text, bold=True)


def _finding_line(finding: Finding) -> str:
    place = printable(f"{finding.path}:{finding.line}:{finding.column}:")
    code = click.style(finding.code, fg=_COLORS[finding.severity], bold=True)
    return f"{click.style(place, bold=True)} {code} {printable(finding.message)}"


def _cut_lines(report: LintReport) -> list[str]:
    listed = dict.fromkeys(report.counts, 0)
    for finding in report.findings:
        listed[finding.code] += 1
    return [
        f"{code}: {count - listed[code]} more findings not listed; --max-findings lists them"
        for code, count in sorted(report.counts.items())
        if count > listed[code]
    ]


def _file_line(file: FileSummary) -> str:
    kind = f"{file.format} " if file.format else ""
    marks = [
        f"{name} {mark!r}"
        for name, mark in (("separator", file.separator), ("stop sequence", file.stop_sequence))
        if mark is not None
    ]
    inferred = " (inferred)" if file.inferred else ""
    records = f"{file.records} {kind}{'record' if file.records == 1 else 'records'}"
    return printable(f"{file.path}: {', '.join([records, *marks])}{inferred}")


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"

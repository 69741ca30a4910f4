"""The report for people: a line a finding, a line a file, and the sum at the end."""

import click

from dataset_tools.findings import Finding, Severity
from dataset_tools.lint.report import FileSummary, LintReport
from dataset_tools.printable import printable
from dataset_tools.quotes import quotable

_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}


def render(report: LintReport) -> str:
    """`PATH:LINE:COL: CODE message` lines, then what was read, then the summary."""
    return "\n".join(
        [
            *(_finding_line(finding) for finding in report.findings),
            *cut_lines(report),
            *(file_line(file) for file in report.files),
            summary_line(report),
        ]
    )


def summary_line(report: LintReport) -> str:
    """The sum of the report in one line."""
    total = ", ".join(
        plural(report.count_of(severity), noun)
        for severity, noun in (
            (Severity.ERROR, "error"),
            (Severity.WARNING, "warning"),
            (Severity.INFO, "note"),
        )
    )
    records = sum(file.records for file in report.files)
    text = f"{total} in {plural(len(report.files), 'file')}, {plural(records, 'record')}"
    return click.style(text, bold=True)


def _finding_line(finding: Finding) -> str:
    place = printable(f"{finding.path}:{finding.line}:{finding.column}:")
    code = click.style(finding.code, fg=_COLORS[finding.severity], bold=True)
    return f"{click.style(place, bold=True)} {code} {printable(finding.message)}"


def cut_lines(report: LintReport) -> list[str]:
    """A line for each code of which not all findings are listed."""
    listed = report.listed
    return [
        f"{code}: {plural(count - listed[code], 'more finding')} not listed; "
        "--max-findings lists them"
        for code, count in sorted(report.counts.items())
        if count > listed[code]
    ]


def file_line(file: FileSummary) -> str:
    """What was read: the records of a file, their format and the marks they are checked against."""
    kind = f"{file.format} " if file.format else ""
    marks = [
        f"{name} {quotable(mark)!r}"
        for name, mark in (("separator", file.separator), ("stop sequence", file.stop_sequence))
        if mark is not None
    ]
    inferred = " (inferred)" if file.inferred else ""
    records = plural(file.records, f"{kind}record")
    return printable(f"{file.path}: {', '.join([records, *marks])}{inferred}")


def plural(count: int, noun: str) -> str:
    """The count and the noun, with an s unless there is one."""
    return f"{count} {noun}{'' if count == 1 else 's'}"

"""The report for people who mend a file: its findings by rule, the first places of each.

This is the plain form, for files and pipes; `grouped_terminal` lays the same groups out.
"""

from itertools import groupby

import click
from msgspec import Struct

from dataset_tools.findings import Finding, Severity
from dataset_tools.lint.formats.text_format import cut_lines, file_line, plural, summary_line
from dataset_tools.lint.report import FileSummary, LintReport
from dataset_tools.printable import printable
from dataset_tools.rules import RULES

PLACES_SHOWN = 3  # of each rule in each file


class Group(Struct, frozen=True):
    """The listed findings of one rule in one file; texts are safe to print."""

    code: str
    severity: Severity
    findings: tuple[Finding, ...]
    is_complete: bool  # whether all findings of this code, in whatever file, are listed

    @property
    def title(self) -> str:
        """The rule's name, and how often it was broken in this file."""
        count = len(self.findings)
        extent = plural(count, "finding") if self.is_complete else f"{count} listed"
        return f"{self.severity}: {RULES[self.code].name} ({extent})"

    @property
    def places(self) -> list[tuple[str, str]]:
        """`LINE:COLUMN` and message of the first findings."""
        return [
            (f"{finding.line}:{finding.column}", printable(finding.message))
            for finding in self.findings[:PLACES_SHOWN]
        ]

    @property
    def hint(self) -> str:
        """How many places are left out, and what tells more."""
        left_out = len(self.findings) - PLACES_SHOWN
        more = f"and {left_out} more; " if left_out > 0 else ""
        return f"{more}read more: dataset-tools rules {self.code}"


class GroupedFile(Struct, frozen=True):
    """A file and its groups, errors first."""

    summary: FileSummary
    groups: list[Group]


def grouped_files(report: LintReport) -> list[GroupedFile]:
    """The report's files in their order, each with its findings by severity and code."""
    listed = report.listed
    order = list(Severity)

    def group_key(finding: Finding) -> tuple[str, int, str]:
        return (finding.path, order.index(finding.severity), finding.code)

    groups: dict[str, list[Group]] = {}
    for (path, severity, code), found in groupby(
        sorted(report.findings, key=group_key), key=group_key
    ):
        is_complete = listed[code] == report.counts[code]
        group = Group(code, order[severity], tuple(found), is_complete)
        groups.setdefault(path, []).append(group)
    # popped: a file that was named twice has its groups once
    return [GroupedFile(file, groups.pop(file.path, [])) for file in report.files]


def render(report: LintReport) -> str:
    """A block a file, its rules indented below it, then the summary."""
    blocks = ["\n".join(_file_lines(file)) for file in grouped_files(report)]
    closing = "\n".join([*cut_lines(report), click.unstyle(summary_line(report))])
    return "\n\n".join([*blocks, closing])


def _file_lines(file: GroupedFile) -> list[str]:
    lines = [file_line(file.summary)]
    for group in file.groups:
        lines += ["", f"  {group.code} {group.title}"]
        lines += [f"    {place}: {message}" for place, message in group.places]
        lines.append(f"    {group.hint}")
    return lines

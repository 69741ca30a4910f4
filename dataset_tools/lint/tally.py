"""The tally: findings as they come in, listed up to a limit for each code, counted beyond it."""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from msgspec.structs import replace

from dataset_tools.findings import Finding
from dataset_tools.lint.fingerprints import fingerprint
from dataset_tools.lint.places import column_of
from dataset_tools.lint.settings import LintSettings
from dataset_tools.records import Record
from dataset_tools.rules import Problem, Rule

NONE_LISTED: Mapping[str, int] = MappingProxyType({})


class Tally:
    """Findings of a part of a file; `listed` tells how many of each code are listed already."""

    def __init__(
        self, path: str, settings: LintSettings, listed: Mapping[str, int] = NONE_LISTED
    ) -> None:
        self.path = path
        self.max_findings = settings.max_findings
        self.baseline = settings.baseline or frozenset()
        self.wants_fingerprints = settings.wants_fingerprints or settings.baseline is not None
        self.listed = Counter(listed)
        self.findings: list[Finding] = []
        self.counts: Counter[str] = Counter()
        self.fingerprints: set[str] = set()

    def only_counts(self, code: str) -> bool:
        """Whether nothing but the number of further findings of this code matters."""
        return not self.wants_fingerprints and self.listed[code] >= self.max_findings

    def add(
        self, rule: Rule, problem: Problem, number: int, line_text: str, content: Record | str
    ) -> None:
        """Take in a problem of a line, unless the baseline knows it.

        Working out the column reads the line again, so only what will be listed has one.
        """
        known_as = None
        if self.wants_fingerprints:
            known_as = fingerprint(rule.code, content)
            if known_as in self.baseline:
                return
            self.fingerprints.add(known_as)
        self.counts[rule.code] += 1
        if self.listed[rule.code] >= self.max_findings:
            return
        self.listed[rule.code] += 1
        self.findings.append(
            Finding(
                path=self.path,
                line=problem.line or number,
                column=column_of(problem, line_text),
                code=rule.code,
                severity=rule.severity,
                message=problem.message,
                fixable=problem.edit is not None,
                fingerprint=known_as,
            )
        )

    def mark_fixable(self, code: str) -> None:
        """Take back that findings of this code cannot be fixed."""
        self.findings = [
            replace(finding, fixable=True) if finding.code == code else finding
            for finding in self.findings
        ]

    def merge(self, later: "Tally", lines_before: int) -> None:
        """Take in what the piece that follows found; its lines count from its own first one."""
        for finding in later.findings:
            if self.listed[finding.code] < self.max_findings:
                self.listed[finding.code] += 1
                self.findings.append(replace(finding, line=finding.line + lines_before))
        self.counts += later.counts
        self.fingerprints |= later.fingerprints

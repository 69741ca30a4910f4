"""The tally: findings as they come in, listed up to a limit for each code, counted beyond it."""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from msgspec.structs import replace

from dataset_tools.findings import Finding
from dataset_tools.lint.baseline import Baseline
from dataset_tools.lint.fingerprints import file_content, fingerprint
from dataset_tools.lint.places import column_of
from dataset_tools.lint.settings import LintSettings
from dataset_tools.records import Record
from dataset_tools.rules import Problem, Rule

NONE_LISTED: Mapping[str, int] = MappingProxyType({})


class Tally:
    """Findings of a file; `listed` tells how many of each code are listed already."""

    def __init__(
        self, path: str, settings: LintSettings, listed: Mapping[str, int] = NONE_LISTED
    ) -> None:
        self.path = path
        self.max_findings = settings.max_findings
        self.baseline = settings.baseline or Baseline()
        self.wants_fingerprints = settings.wants_fingerprints or settings.baseline is not None
        self.listed = Counter(listed)
        self.findings: list[Finding] = []
        self.counts: Counter[str] = Counter()
        self.fingerprints: Counter[str] = Counter()

    def only_counts(self, code: str) -> bool:
        """Whether nothing but the number of further findings of this code matters."""
        return not self.wants_fingerprints and self.listed[code] >= self.max_findings

    def add(
        self,
        rule: Rule,
        problem: Problem,
        number: int,
        line_text: str,
        content: Record | str | None,
    ) -> None:
        """Take in a problem of a line, or of the file where `content` is None.

        Unless the baseline knows it. Working out the column reads the line again, so only what
        may be listed has one.
        """
        known_as = None
        if self.wants_fingerprints:
            known_as = fingerprint(
                rule.code, file_content(self.path) if content is None else content
            )
            if known_as in self.baseline and self._sets_aside(
                self._finding(rule, problem, number, line_text, known_as)
            ):
                return
        self._count(rule.code, known_as)
        if self.listed[rule.code] < self.max_findings:
            self._list(self._finding(rule, problem, number, line_text, known_as))

    def mark_fixable(self, code: str) -> None:
        """Take back that findings of this code cannot be fixed."""
        self.findings = [
            replace(finding, fixable=True) if finding.code == code else finding
            for finding in self.findings
        ]

    def merge(self, later: "PieceTally", lines_before: int) -> None:
        """Take in what the piece that follows found; its lines count from its own first one."""
        self.counts += later.counts
        self.fingerprints += later.fingerprints
        found = later.findings
        if refused := [each for each in later.known if not self._sets_aside(each)]:
            for finding in refused:
                self._count(finding.code, finding.fingerprint)
            found = sorted([*found, *refused], key=lambda each: each.line)
        for finding in found:
            if self.listed[finding.code] < self.max_findings:
                self._list(replace(finding, line=finding.line + lines_before))

    def _sets_aside(self, finding: Finding) -> bool:
        """Whether the baseline accepts the finding, so that it does not count."""
        return finding.fingerprint is not None and self.baseline.accepts(finding.fingerprint)

    def _count(self, code: str, known_as: str | None) -> None:
        self.counts[code] += 1
        if known_as is not None:
            self.fingerprints[known_as] += 1

    def _list(self, finding: Finding) -> None:
        self.listed[finding.code] += 1
        self.findings.append(finding)

    def _finding(
        self, rule: Rule, problem: Problem, number: int, line_text: str, known_as: str | None
    ) -> Finding:
        return Finding(
            path=self.path,
            line=problem.line or number,
            column=column_of(problem, line_text),
            code=rule.code,
            severity=rule.severity,
            message=problem.message,
            fixable=problem.edit is not None,
            fingerprint=known_as,
        )


class PieceTally(Tally):
    """Findings of a piece of a file, of which those in the baseline are kept apart.

    How many of them it still accepts, only the pieces before can tell.
    """

    def __init__(
        self, path: str, settings: LintSettings, listed: Mapping[str, int] = NONE_LISTED
    ) -> None:
        super().__init__(path, settings, listed)
        self.known: list[Finding] = []

    def __getstate__(self) -> dict[str, object]:
        """What was found, without the baseline, which every process has already."""
        return {name: value for name, value in self.__dict__.items() if name != "baseline"}

    def _sets_aside(self, finding: Finding) -> bool:
        self.known.append(finding)
        return True

"""The report of a lint run: what every output format prints."""

from collections import Counter

from msgspec import Struct, field

from dataset_tools.findings import Finding, Severity
from dataset_tools.lint.tally import Tally
from dataset_tools.records import RecordFormat
from dataset_tools.rules import RULES


class FileSummary(Struct, frozen=True):
    """One checked file; `format` is None where it holds no record that tells."""

    path: str
    format: RecordFormat | None
    records: int
    bytes: int  # uncompressed
    separator: str | None
    stop_sequence: str | None
    inferred: bool  # whether either mark was read off the data


class LintReport(Struct):
    """Files, findings and complete counts; findings are listed up to a limit for each code."""

    files: list[FileSummary] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    fingerprints: Counter[str] = field(default_factory=Counter)  # of all, where asked for

    def add_file(self, summary: FileSummary, tally: Tally) -> None:
        """Take in a checked file, its findings in reading order."""
        self.files.append(summary)
        self.findings += sorted(tally.findings, key=lambda each: each.sort_key)
        self.counts += tally.counts
        self.fingerprints += tally.fingerprints

    @property
    def listed(self) -> Counter[str]:
        """How many findings of each code are listed."""
        return Counter(finding.code for finding in self.findings)

    @property
    def truncated(self) -> bool:
        """Whether findings were counted that are not listed."""
        return self.counts.total() > len(self.findings)

    def count_of(self, severity: Severity) -> int:
        """How many findings have this severity, listed or not."""
        return sum(count for code, count in self.counts.items() if RULES[code].severity is severity)

    def has_at_least(self, severity: Severity) -> bool:
        """Whether anything was found that is as bad as this, or worse."""
        return any(self.count_of(each) for each in Severity if each.at_least(severity))

"""Findings: what lint reports, the same for every output format."""

from enum import StrEnum

from msgspec import Struct


class Severity(StrEnum):
    """How bad a finding is; compare with `at_least`."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    def at_least(self, other: "Severity") -> bool:
        """Whether this is as bad as the other, or worse."""
        order = list(Severity)
        return order.index(self) <= order.index(other)


class Finding(Struct, frozen=True):
    """One thing wrong, or worth knowing, at one place; line and column are 1-based."""

    path: str
    line: int
    column: int
    code: str
    severity: Severity
    message: str
    fixable: bool = False
    fingerprint: str | None = None

    @property
    def sort_key(self) -> tuple[int, int, str, str]:
        """Reading order within a file."""
        return (self.line, self.column, self.code, self.message)

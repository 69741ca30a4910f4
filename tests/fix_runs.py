"""Fixes and lints of a content, for the tests of `dataset_tools.fix`."""

from contextlib import nullcontext
from pathlib import Path

from msgspec.structs import replace

from dataset_tools.findings import Finding
from dataset_tools.fix import fixed, unified_diff
from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.rules import RULES
from dataset_tools.sources import SourceFile


def no_progress(name: str, size: int) -> nullcontext:
    return nullcontext(lambda done: None)


def stored(content: bytes, folder: Path) -> SourceFile:
    path = folder / "data.jsonl"
    path.write_bytes(content)
    return SourceFile("data.jsonl", path)


def fix(content: bytes, folder: Path, settings: LintSettings) -> bytes:
    """The content after a fix."""
    with fixed(stored(content, folder), settings, no_progress) as result:
        result.after.seek(0)
        return result.after.read()


def diff(content: bytes, folder: Path, settings: LintSettings) -> bytes:
    """The unified diff of a fix."""
    with fixed(stored(content, folder), settings, no_progress) as result:
        names = ("data.jsonl", "data.jsonl")
        return b"".join(unified_diff(result.before, result.after, result.dropped, names))


def fixable_findings(content: bytes, folder: Path, settings: LintSettings) -> list[Finding]:
    """What lint says could be fixed, with the same settings."""
    report = LintReport()
    check_source(stored(content, folder), settings, report)
    return [finding for finding in report.findings if finding.fixable]


def only(settings: LintSettings, code: str) -> LintSettings:
    """The settings with one rule alone."""
    return replace(settings, rules=(RULES[code],))

"""Lint: files through rules to a report. Nothing here prints; `formats` does."""

from dataset_tools.lint.checker import check_source
from dataset_tools.lint.report import FileSummary, LintReport
from dataset_tools.lint.settings import LintSettings

__all__ = ["FileSummary", "LintReport", "LintSettings", "check_source"]

"""A report with something of everything, for the tests of the output formats."""

from dataset_tools.findings import Finding
from dataset_tools.lint import FileSummary, LintReport
from dataset_tools.rules import RULES

AWKWARD_PATH = "data/50%, a:b\n[bold]é.jsonl"
URL = "https://example.org/sets/two words.jsonl"


def finding(
    path: str, line: int, column: int, code: str, message: str, fingerprint: str | None = None
) -> Finding:
    """A finding with its rule's severity."""
    rule = RULES[code]
    return Finding(path, line, column, code, rule.severity, message, rule.fixable, fingerprint)


def add(report: LintReport, *found: Finding) -> None:
    """Count and list findings."""
    report.findings += found
    report.counts.update(each.code for each in found)


def sample_report() -> LintReport:
    """Two files; errors, warnings and a note; more missing separators than are listed."""
    report = LintReport()
    report.files = [
        FileSummary(AWKWARD_PATH, "prompt-completion", 120, 9000, "\n##\n", "\nEND", True),
        FileSummary(URL, "text", 1, 21, None, None, False),
    ]
    no_separator = "the prompt does not end with the separator '\\n##\\n' (given by flag)"
    awkward_key = "[red]50%[/red], [a](http://b) \x1b[31m\ud83d\u2028\n::{0}"
    add(
        report,
        finding(AWKWARD_PATH, 1, 1, "DT003", "byte order mark"),
        *(
            finding(AWKWARD_PATH, line, 14, "DT301", no_separator, f"DT301:{line:024x}")
            for line in range(4, 8)
        ),
        finding(AWKWARD_PATH, 9, 3, "DT108", "key 'Prompt' differs only in case"),
        finding(
            AWKWARD_PATH, 9, 41, "DT103", f"unknown key '{awkward_key}' is ignored in training"
        ),
        finding(URL, 1, 11, "DT201", "the text is empty"),
    )
    report.counts["DT301"] += 3
    return report

"""The report as SARIF 2.1.0, the OASIS standard that code scanning services and editors read.

One run; the rules that were broken with their pages, and a result a listed finding. The counts in
the run's properties are complete even where results are cut.
"""

import json
import re

from dataset_tools import __version__
from dataset_tools.findings import Finding, Severity
from dataset_tools.lint.formats.sarif_locations import artifact_location, uri_bases
from dataset_tools.lint.report import FileSummary, LintReport
from dataset_tools.printable import encodable, printable
from dataset_tools.rules import RULES, Rule
from dataset_tools.rules.page import plain_page, rule_page, rule_summary
from dataset_tools.sources.location import STDIN_NAME

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT_NAME = "recordAndRule/v1"  # a new number where fingerprints are made otherwise

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_LINK_START = re.compile(r"\[(?=[^\]]*\]\()")  # of `[text](target)`, SARIF section 3.11.6


def render(report: LintReport) -> str:
    """The report as an indented SARIF log."""
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report)]}, indent=2)


def _run(report: LintReport) -> dict[str, object]:
    codes = sorted(code for code, count in report.counts.items() if count)
    rule_indices = {code: index for index, code in enumerate(codes)}
    return {
        "tool": {
            "driver": {
                "name": "dataset-tools",
                "version": __version__,
                "rules": [_rule(RULES[code]) for code in codes],
            }
        },
        "invocations": [{"executionSuccessful": True}],
        "originalUriBaseIds": uri_bases(),
        # by path: they must be unique, and a file may have been named twice
        "artifacts": list({file.path: _artifact(file) for file in report.files}.values()),
        "columnKind": "unicodeCodePoints",
        "newlineSequences": ["\n"],
        "results": [_result(finding, rule_indices) for finding in report.findings],
        "properties": {
            "summary": {str(severity): report.count_of(severity) for severity in Severity},
            "counts": dict(sorted(report.counts.items())),
            "truncated": report.truncated,
        },
    }


def _rule(rule: type[Rule]) -> dict[str, object]:
    return {
        "id": rule.code,
        "name": rule.__name__,
        "shortDescription": {"text": rule.name},
        "fullDescription": {"text": rule_summary(rule)},
        "help": {"text": plain_page(rule), "markdown": rule_page(rule)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"fixable": rule.fixable},
    }


def _artifact(file: FileSummary) -> dict[str, object]:
    roles = ["analysisTarget"]
    if file.path == STDIN_NAME:
        roles.append("standardStream")
    return {
        "location": artifact_location(file.path),
        "roles": roles,
        "properties": {
            "format": file.format,
            "records": file.records,
            "bytes": file.bytes,
            "separator": None if file.separator is None else encodable(file.separator),
            "stopSequence": None if file.stop_sequence is None else encodable(file.stop_sequence),
            "inferred": file.inferred,
        },
    }


def _result(finding: Finding, rule_indices: dict[str, int]) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": finding.code,
        "ruleIndex": rule_indices[finding.code],
        "level": _LEVELS[finding.severity],
        "message": {"text": _without_links(printable(finding.message))},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": artifact_location(finding.path),
                    "region": {"startLine": finding.line, "startColumn": finding.column},
                }
            }
        ],
    }
    if finding.fingerprint is not None:
        result["partialFingerprints"] = {FINGERPRINT_NAME: finding.fingerprint}
    return result


def _without_links(message: str) -> str:
    """The message so escaped that nothing quoted from the data becomes a link in a viewer.

    Braces stay single: the message has no arguments, so viewers show it as it stands.
    """
    return _LINK_START.sub(r"\\[", message)

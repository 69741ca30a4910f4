"""Every rule against its cases in `tests/cases/rules`: text in, places out."""

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml
from fix_runs import fix, fixable_findings, only
from toy_tokenizers import TOY_TOKENIZERS

from dataset_tools.errors import InputError
from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.lint.settings import GivenMark
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.rules import RULES
from dataset_tools.sources import SourceFile
from dataset_tools.tokens import TrainingFormat

FOLDER = Path(__file__).parent / "cases" / "rules"
FEWEST_CASES = 2  # of each kind
MARKS = ("separator", "stop_sequence")
CASE_KEYS = {"name", "why", "content", "bytes_hex", "base64", "settings", "tokenizer", "training",
             "findings"}  # fmt: skip
FIX_CASE_KEYS = CASE_KEYS - {"findings"} | {"output", "output_hex"}


def load_cases(code: str) -> dict[str, list[dict[str, Any]]]:
    return yaml.safe_load((FOLDER / f"{code}.yaml").read_text(encoding="utf-8"))


def case_codes() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


ALL_CASES = [
    pytest.param(code, kind, case, id=f"{code}-{kind}-{case['name']}")
    for code in case_codes()
    for kind, cases in load_cases(code).items()
    for case in cases
    if kind != "fix"
]
FIX_CASES = [
    pytest.param(code, case, id=f"{code}-{case['name']}")
    for code in case_codes()
    for case in load_cases(code).get("fix", [])
]


def content_of(case: dict[str, Any]) -> bytes:
    """The file's bytes: a text, a list of texts and repeated texts, or bytes spelt out."""
    if "bytes_hex" in case:
        return bytes.fromhex(case["bytes_hex"])
    if "base64" in case:
        return base64.b64decode(case["base64"])
    parts = case["content"] if isinstance(case["content"], list) else [case["content"]]
    return "".join(
        part if isinstance(part, str) else part["repeat"] * part["times"] for part in parts
    ).encode()


def settings_of(case: dict[str, Any], code: str, folder: Path) -> LintSettings:
    """All default rules and the one whose case it is; `validation` is the content of a file.

    `tokenizer` names a toy tokenizer, `training` the fields of a TrainingFormat but for its marks.
    """
    given = dict(case.get("settings", {}))
    origin = given.pop("origin", "flag")
    marks = {name: GivenMark(given.pop(name), origin) for name in MARKS if name in given}
    if "validation" in given:
        path = folder / "validation.jsonl"
        path.write_text(given.pop("validation"), encoding="utf-8")
        given["validation_data"] = (SourceFile("validation.jsonl", path),)
    marks_trained = PromptFormat(**{name: mark.text for name, mark in marks.items()})
    given["training_format"] = TrainingFormat(marks_trained, **case.get("training", {}))
    given["tokenizer"] = TOY_TOKENIZERS.get(case.get("tokenizer"))
    rules = tuple(rule for rule in RULES.values() if rule.is_default or rule.code == code)
    return LintSettings(rules=rules, **marks, **given)


def findings_of(case: dict[str, Any], code: str, folder: Path) -> list[tuple[str, str]]:
    """Place and message of everything the rule says about the case, in reading order."""
    path = folder / "data.jsonl"
    path.write_bytes(content_of(case))
    report = LintReport()
    check_source(SourceFile("data.jsonl", path), settings_of(case, code, folder), report)
    return [
        (f"{finding.line}:{finding.column}", finding.message)
        for finding in report.findings
        if finding.code == code
    ]


@pytest.mark.parametrize(("code", "kind", "case"), ALL_CASES)
def test_the_rule_names_exactly_the_places_of_the_case(
    code: str, kind: str, case: dict[str, Any], tmp_path: Path
) -> None:
    """A rule reports each place its case lists, with the words given there, and no other."""
    expected = [entry.partition(" ") for entry in case.get("findings", [])]

    found = findings_of(case, code, tmp_path)

    assert [place for place, _, _ in expected] == [place for place, _ in found]
    for (_, _, words), (_, message) in zip(expected, found, strict=True):
        assert words in message


@pytest.mark.parametrize(("code", "kind", "case"), ALL_CASES)
def test_a_finding_is_called_fixable_where_a_fix_mends_it_and_nowhere_else(
    code: str, kind: str, case: dict[str, Any], tmp_path: Path
) -> None:
    """A fix by this rule alone leaves no fixable finding, and all bytes where there was none."""
    content = content_of(case)
    settings = only(settings_of(case, code, tmp_path), code)
    fixable = fixable_findings(content, tmp_path, settings)
    try:
        output = fix(content, tmp_path, settings)
    except InputError as error:
        assert "not JSON Lines: " in str(error) or "the file is UTF-" in str(error)
        assert fixable == []
        return

    assert fixable_findings(output, tmp_path, settings) == []
    assert bool(fixable) == (output != content)
    assert RULES[code].fixable or fixable == []


@pytest.mark.parametrize(("code", "case"), FIX_CASES)
def test_a_fix_gives_the_output_of_the_case(
    code: str, case: dict[str, Any], tmp_path: Path
) -> None:
    """A fix by this rule alone turns the case's content into its output, byte for byte."""
    wanted = bytes.fromhex(case["output_hex"]) if "output_hex" in case else case["output"].encode()

    output = fix(content_of(case), tmp_path, only(settings_of(case, code, tmp_path), code))

    assert wanted == output


def test_every_rule_has_cases_and_every_case_file_a_rule() -> None:
    """A rule cannot be added without cases, nor a case file outlive its rule."""
    assert sorted(RULES) == case_codes()


@pytest.mark.parametrize("code", case_codes())
def test_cases_are_complete(code: str) -> None:
    """A rule has cases of both kinds; a fail case expects a finding, a pass case none.

    One that says it is fixable shows it, and one that does not has nothing to show.
    """
    cases = load_cases(code)

    assert {"pass", "fail"} == set(cases) - {"fix"}
    fixes = cases.get("fix", [])
    assert (len(fixes) >= FEWEST_CASES) == RULES[code].fixable == bool(fixes)
    assert all(set(case) <= FIX_CASE_KEYS for case in fixes)
    for kind in ("pass", "fail"):
        assert len(cases[kind]) >= FEWEST_CASES
        assert all(bool(case.get("findings")) == (kind == "fail") for case in cases[kind])
        assert all(set(case) <= CASE_KEYS for case in cases[kind])
        assert len({case["name"] for case in cases[kind]}) == len(cases[kind])

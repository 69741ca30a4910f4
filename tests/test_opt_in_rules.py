"""The rules for secrets and personal data: off unless asked for, and silent about what they saw."""

import json
import re
from pathlib import Path

import pytest
import yaml
from cli_runs import run
from hypothesis import given, settings
from hypothesis import strategies as st

from dataset_tools.lint.settings import LintSettings, choose_rules
from dataset_tools.quotes import SHORTEST_SECRET
from dataset_tools.rules import RULES
from dataset_tools.rules.secret_formats import FORMATS, SecretFormat

CASES = Path(__file__).parent / "cases" / "rules"
OPT_IN = ("DT601", "DT602")


def rows_of(code: str) -> str:
    contents = [
        case["content"] for case in yaml.safe_load((CASES / f"{code}.yaml").read_text())["fail"]
    ]
    return "\n".join("".join(content) for content in contents)


@pytest.mark.parametrize("code", OPT_IN)
def test_only_code_or_family_selects_an_opt_in_rule(code: str) -> None:
    """Nothing less than the family runs the rule; --ignore still wins."""
    rule = RULES[code]

    assert rule not in LintSettings().rules
    assert [rule not in choose_rules(select) for select in ([], ["DT"])] == [True, True]
    assert [rule in choose_rules(select) for select in ([code], ["DT6"])] == [True, True]
    assert rule not in choose_rules(["DT6"], [code])


@pytest.mark.parametrize("output_format", ["text", "json", "github"])
@pytest.mark.parametrize("code", OPT_IN)
def test_no_report_holds_the_value(code: str, output_format: str, tmp_path: Path) -> None:
    """Whatever the format, the report holds no longer part of the data than a prefix or domain."""
    rows = rows_of(code)
    (tmp_path / "data.jsonl").write_text(rows)
    values = {value for value in re.findall(r"[\w+/@.-]{20,}|[\d ()+-]{9,}", rows) if value.strip()}

    done = run("lint", "data.jsonl", "--select", code, "--format", output_format, cwd=tmp_path)

    assert code.encode() in done.stdout
    assert values
    assert [value for value in values if value.encode() in done.stdout] == []


SECRET = "ghp_" + "Q7wE3rT9yU1iO5pA2sD8fG4hJ6kL0zXcVbNm"
SENTENCE = "It rained all day, and nobody went out."
QUOTING = {
    "DT101": [{SECRET: "a", "completion": " b"}],
    "DT005": [f'{{"{SECRET}" "x"}}', f'{{"{SECRET + SECRET[4:] * 2}" "x"}}'],
    "DT103": [{"prompt": "a", "completion": " b", SECRET: 1}],
    "DT104": [f'{{"prompt": "a", "completion": " b", "{SECRET}": 1, "{SECRET}": 2}}'],
    "DT110": [
        {"prompt": "a", "completion": completion}
        for completion in (
            SECRET,
            json.dumps(SECRET),
            json.dumps(f"x\n{SECRET}"),
            json.dumps({"name": f"\t{SECRET}"}),
            json.dumps({"unknown": 1, SECRET: 1}),
            json.dumps({"keys": {SECRET: 1}}),
        )
    ],
    "DT205": [{"prompt": "Log in", "completion": f" Use {{{{{SECRET}}}}} for it."}],
    "DT206": [{"prompt": f"The key is {SECRET}", "completion": f"The key is {SECRET}"}],
    "DT207": [
        *({"prompt": f"Day {day}", "completion": f" {day}: {SENTENCE}"} for day in range(20)),
        {"prompt": "Key", "completion": f" You can log in with {SECRET}"},
    ],
    "DT301": [
        {"prompt": f"Row {row}<|{SECRET}|>" if row else "Row", "completion": f" {row}"}
        for row in range(20)
    ],
    "DT307": [{"prompt": f"Row {row}\n##\n", "completion": f" {row}"} for row in range(20)],
    "DT405": [
        {"prompt": f"Row {row}", "completion": f" {SECRET}" if row else " none"}
        for row in range(200)
    ],
    "DT406": [{"prompt": f"Row {row}", "completion": f" {SECRET}"} for row in range(20)],
    "DT407": [
        {"prompt": f"With the key {SECRET}, fetch page {row}, please", "completion": f" {row}"}
        for row in range(200)
    ],
    "DT407, cut off": [
        {"prompt": f"With the key {SECRET[:-2]}{row:02}, fetch the page", "completion": f" {row}"}
        for row in range(100)
    ],
}


@pytest.mark.parametrize("case", QUOTING)
def test_what_other_rules_quote_holds_no_secret(case: str, tmp_path: Path) -> None:
    """A message quotes keys and texts of the data, but of a secret no more than its prefix."""
    code = case[:5]
    rows = [row if isinstance(row, str) else json.dumps(row) for row in QUOTING[case]]
    (tmp_path / "data.jsonl").write_text("\n".join(rows) + "\n")
    schema_of_keys = {"additionalProperties": {"type": "string"}}
    properties = {"name": {"type": "integer"}, "keys": schema_of_keys}
    (tmp_path / "schema.json").write_text(
        json.dumps({"type": "object", "properties": properties, "additionalProperties": False})
    )
    schema = ["--schema", "schema.json"] if code == "DT110" else []

    done = run(
        "lint", "data.jsonl", "--select", code, *schema, "--inference-prompt", SECRET, cwd=tmp_path
    )

    assert code.encode() in done.stdout
    parts = [SECRET[start : start + 6].encode() for start in range(4, len(SECRET) - 5)]
    assert [part for part in parts if part in done.stdout] == []


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.kind)
@given(data=st.data())
@settings(max_examples=20, deadline=None)
def test_no_secret_is_shorter_than_told(form: SecretFormat, data: st.DataObject) -> None:
    """Shorter texts are quoted without a look for secrets."""
    match = form.pattern.search(data.draw(st.from_regex(form.pattern)))

    assert match is not None
    assert len(match[0]) >= SHORTEST_SECRET

"""The rules for secrets and personal data: off unless asked for, and silent about what they saw."""

import re
from pathlib import Path

import pytest
import yaml
from cli_runs import run

from dataset_tools.lint.settings import LintSettings, choose_rules
from dataset_tools.rules import RULES

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

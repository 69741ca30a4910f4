"""The SARIF report: valid, complete, and with places that tools can follow."""

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urljoin

import jsonschema
import orjson
import pytest
from cli_runs import run
from hypothesis import given
from hypothesis import strategies as st
from sample_report import AWKWARD_PATH, URL, add, finding, sample_report
from test_lint_formats import EXPECTED, PATHS, TEXTS, report_of

from dataset_tools import __version__
from dataset_tools.lint import LintReport
from dataset_tools.lint.formats import render
from dataset_tools.lint.formats.sarif_locations import artifact_location, uri_bases
from dataset_tools.rules import RULES, Rule
from dataset_tools.rules.page import plain_page, rule_page

SCHEMA = Path(__file__).parent / "data" / "sarif-2.1.0-rtm.5.json"
VALIDATOR = jsonschema.Draft4Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
URI = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/#]|%[0-9A-F]{2})+")  # RFC 3986, in capitals
NAMES = PATHS.map(lambda text: text.replace("/", "")).filter(lambda text: text not in ("", "."))


def sarif_run(report: LintReport) -> dict[str, Any]:
    """The log's one run, once the log has been validated."""
    log = orjson.loads(render(report, "sarif"))
    VALIDATOR.validate(log)
    (only,) = log["runs"]
    return only


def test_the_schema_refuses_what_is_wrong() -> None:
    """The schema that reports are validated with notices an unknown level."""
    log = orjson.loads(render(sample_report(), "sarif"))
    log["runs"][0]["results"][0]["level"] = "info"

    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(log)


def test_the_report_looks_as_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the rules, the version and the folder is as the expected file has it."""
    monkeypatch.chdir("/")
    only = sarif_run(sample_report())
    driver = only["tool"]["driver"]
    rules = driver.pop("rules")

    assert __version__ == driver.pop("version")
    assert [rule["id"] for rule in rules] == ["DT003", "DT103", "DT108", "DT201", "DT301"]
    expected = (EXPECTED / "sarif.json").read_text(encoding="utf-8")
    assert expected == json.dumps(only, indent=2) + "\n"


def test_every_rule_is_described() -> None:
    """Each rule comes with name, description, level, and its page for people to read."""
    report = LintReport()
    add(report, *(finding("a.jsonl", 1, 1, code, "found") for code in RULES))

    rules = sarif_run(report)["tool"]["driver"]["rules"]

    assert list(RULES) == [rule["id"] for rule in rules]
    for rule, written in zip(RULES.values(), rules, strict=True):
        assert written["shortDescription"]["text"] == rule.name
        assert written["fullDescription"]["text"] in rule_page(rule)
        assert re.match("[A-Z]", written["fullDescription"]["text"])
        assert "## " not in written["fullDescription"]["text"]
        assert written["help"]["markdown"] == rule_page(rule)
        assert written["help"]["text"].startswith(f"{rule.code}: {rule.name}\n")
        assert not re.search("^(#|```)", written["help"]["text"], re.MULTILINE)
        assert written["properties"] == {"fixable": rule.fixable}
    levels = {rule["id"]: rule["defaultConfiguration"]["level"] for rule in rules}
    assert (levels["DT301"], levels["DT103"], levels["DT003"]) == ("error", "warning", "note")


def test_the_plain_page_keeps_its_examples() -> None:
    """Signs of Markdown go from the text of a page, not from an example that holds the same."""

    class Commented(Rule):
        code = "DT999"
        name = "an example"

    Commented.__doc__ = '## Example\n\n```yaml\n# no heading\nseparator: "##"\n```\n\n## Source'

    assert plain_page(Commented).endswith('Example\n\n# no heading\nseparator: "##"\n\nSource\n')


def test_results_name_their_rules() -> None:
    """A result's index leads to its rule, and its fingerprint is given where there is one."""
    only = sarif_run(sample_report())

    rules = only["tool"]["driver"]["rules"]
    for result in only["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert ("partialFingerprints" in result) == (result["ruleId"] == "DT301")


def test_counts_are_complete() -> None:
    """The run's properties count what the results leave out."""
    properties = sarif_run(sample_report())["properties"]

    assert properties["counts"]["DT301"] == 7
    assert properties["summary"] == {"error": 9, "warning": 1, "info": 1}
    assert properties["truncated"] is True


@given(path=PATHS, message=TEXTS)
def test_any_text_gives_a_valid_report(path: str, message: str) -> None:
    """Whatever names and messages hold, the report is valid and its messages are printable."""
    (result,) = sarif_run(report_of(path, message))["results"]

    assert result["message"]["text"].isprintable()
    assert not re.search(r"(?<!\\)\[[^\]]*\]\(", result["message"]["text"])


def test_a_file_named_twice_is_one_artifact() -> None:
    """Artifacts are unique, as the schema demands."""
    report = sample_report()
    report.files += report.files

    assert len(sarif_run(report)["artifacts"]) == 2


@given(parts=st.lists(NAMES.filter(lambda name: name != ".."), min_size=1, max_size=3))
def test_relative_uris_lead_back_to_the_file(parts: list[str]) -> None:
    """A file below the current folder has a relative URI that decodes to its path."""
    path = "/".join(parts)

    location = artifact_location(path)

    assert location["uriBaseId"] == "SRCROOT"
    assert URI.fullmatch(location["uri"])
    assert unquote_to_bytes(location["uri"]) == os.fsencode(path)
    base = uri_bases()["SRCROOT"]["uri"]
    whole = unquote_to_bytes(urljoin(base, location["uri"]).removeprefix("file://"))
    assert whole == os.fsencode(os.path.join(os.getcwd(), path))  # noqa: PTH109, PTH118


def test_files_outside_the_folder_are_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file above or beside the current folder has a file URI, one inside never has."""
    inside = tmp_path / "in side"
    inside.mkdir()
    monkeypatch.chdir(inside)

    outside = {"uri": f"{tmp_path.as_uri()}/a%20b.jsonl"}
    assert outside == artifact_location("../a b.jsonl")
    assert outside == artifact_location(str(tmp_path / "a b.jsonl"))
    within = {"uri": "a%20b.jsonl", "uriBaseId": "SRCROOT"}
    assert within == artifact_location("./a b.jsonl")
    assert within == artifact_location("../in side/a b.jsonl")
    assert within == artifact_location(str(inside / "a b.jsonl"))


@pytest.mark.parametrize(
    ("url", "uri"),
    [
        (URL, "https://example.org/sets/two%20words.jsonl"),
        ("https://[::1]:8080/a%20b/50%.jsonl", "https://[::1]:8080/a%20b/50%25.jsonl"),
        ("https://example.org/é[1].jsonl", "https://example.org/%C3%A9%5B1%5D.jsonl"),
        ("hf://datasets/owner/name@main#train", "hf://datasets/owner/name@main#train"),
        ("<stdin>", "%3Cstdin%3E"),
    ],
)
def test_other_names_stay_absolute(url: str, uri: str) -> None:
    """URLs keep their form, with what a URI may not hold escaped; they have no base."""
    assert {"uri": uri} == artifact_location(url)


def test_standard_input_is_a_stream(tmp_path: Path) -> None:
    """Data from standard input is marked as no file."""
    done = run("lint", "-", "--format", "sarif", cwd=tmp_path, stdin=b'{"text": ""}\n')

    (only,) = json.loads(done.stdout)["runs"]
    assert only["artifacts"][0]["roles"] == ["analysisTarget", "standardStream"]


def test_places_are_true(tmp_path: Path) -> None:
    """Lines end with a line feed only, and columns count characters, not bytes or UTF-16 units."""
    rows = ['{"text": "a\u2028b"}', '{"text": "😀é", "x": 1}', "{"]
    (tmp_path / "data.jsonl").write_text("\n".join(rows), encoding="utf-8")

    done = run("lint", "data.jsonl", "--format", "sarif", cwd=tmp_path)

    log = json.loads(done.stdout)
    VALIDATOR.validate(log)
    (only,) = log["runs"]
    assert (only["columnKind"], only["newlineSequences"]) == ("unicodeCodePoints", ["\n"])
    assert only["originalUriBaseIds"] == {"SRCROOT": {"uri": f"{tmp_path.as_uri()}/"}}
    regions = {
        result["ruleId"]: result["locations"][0]["physicalLocation"]["region"]
        for result in only["results"]
    }
    assert regions["DT103"] == {"startLine": 2, "startColumn": rows[1].index('"x"') + 1}
    assert regions["DT005"] == {"startLine": 3, "startColumn": 2}


def test_the_artifacts_tell_what_was_read() -> None:
    """Each file stands in the report with its format, size and marks."""
    first, second = sarif_run(sample_report())["artifacts"]

    assert first["location"] == artifact_location(AWKWARD_PATH)
    assert first["properties"]["separator"] == "\n##\n"
    assert second["properties"] == {
        "format": "text",
        "records": 1,
        "bytes": 21,
        "separator": None,
        "stopSequence": None,
        "inferred": False,
    }

"""The survey of a file: sources that take turns, and lines longer than what it reads at a time."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.lint.survey import READ_WHOLE_BYTES
from dataset_tools.sources import SourceFile


def lint(path: Path) -> LintReport:
    report = LintReport()
    check_source(SourceFile("data.jsonl", path), LintSettings(max_findings=100_000), report)
    return report


def marked(number: int, *, is_bare: bool) -> dict[str, str]:
    separator, stop_sequence = ("", "") if is_bare else ("\n##\n", " END")
    return {
        "prompt": f"What is {number} times {number}?{separator}",
        "completion": f" It is {number * number}{stop_sequence}",
    }


@pytest.mark.parametrize("rows", [900, 4000, 40_000])
@pytest.mark.parametrize("sources", [4, 5, 8, 16])
def test_rows_without_marks_in_turn_with_others(rows: int, sources: int, tmp_path: Path) -> None:
    """The last of several sources lacks the marks: each of its rows is named, no other."""
    path = tmp_path / "data.jsonl"
    wanted = [number for number in range(rows) if number % sources == 0]
    lines = (
        json.dumps(marked(number, is_bare=number % sources == 0)) + "\n" for number in range(rows)
    )
    path.write_text("".join(lines))

    found = [each for each in lint(path).findings if each.code in ("DT301", "DT303")]

    assert {each.line - 1 for each in found} == set(wanted)
    assert len(found) == 2 * len(wanted)


@pytest.mark.parametrize("rows", [900, 2000, 30_000])
def test_examples_in_every_second_prompt(rows: int, tmp_path: Path) -> None:
    """A sign that ends all prompts and stands inside each second one is no separator."""
    path = tmp_path / "data.jsonl"
    with path.open("w") as file:
        for number in range(rows):
            example = f"Name {number + 7}.\n##\nSeven more\n##\n" if number % 2 else ""
            prompt = f"{example}Name {number}.\n##\n"
            file.write(json.dumps({"prompt": prompt, "completion": f" No. {number}"}) + "\n")

    assert [each.code for each in lint(path).findings] == []


@pytest.mark.parametrize(
    "long_line",
    [
        lambda size: json.dumps({"prompt": "a" * size + "\n##\n", "completion": " b END"}),
        lambda size: '{"prompt": "' + "a" * size,
    ],
    ids=["sound", "malformed"],
)
@pytest.mark.parametrize("place", [0, 1, 250, 500])
def test_a_line_longer_than_all_others_together(
    place: int, long_line: Callable[[int], str], tmp_path: Path
) -> None:
    """The other lines tell the file's format and marks wherever it stands."""
    path = tmp_path / "data.jsonl"
    lines = [json.dumps(marked(number, is_bare=number == 77)) for number in range(500)]
    lines.insert(place, long_line(2 * READ_WHOLE_BYTES))
    path.write_text("\n".join(lines) + "\n")

    report = lint(path)

    errors = [each for each in report.findings if each.severity.value == "error"]
    expected = 78 + (place <= 77)
    bad_lines = {each.line for each in errors if each.code in ("DT301", "DT303")}
    assert bad_lines == {expected}
    assert {each.code for each in errors} <= {"DT301", "DT303", "DT005"}
    assert report.files[0].format == "prompt-completion"

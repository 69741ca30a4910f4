"""Clean data of many kinds draws nothing; marks that most rows carry are found in each of them."""

from pathlib import Path
from random import Random
from timeit import repeat

import pytest
from clean_texts import KINDS, Row, as_lines, rows_of

from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.marks import infer_mark
from dataset_tools.sources import SourceFile

# what these generated texts do have in common with one another: few answers, repeated rows
ABOUT_THE_SET = {"DT401", "DT402", "DT405", "DT406", "DT407", "DT409"}
MARKS = [
    ("\n##\n", "\n###\n"), ("\n\n###\n\n", "\nEND"), (" ->", "<|endoftext|>"), ("###", " END"),
    ("\n\n---\n\n", "</s>"), ("\n\n>>>\n\n", "\n\n***\n\n"), ("\n##\n", " STOP"), ("=>", "@@@"),
]  # fmt: skip
MARKED_KINDS = [
    "questions and answers", "answers after a space", "poems", "mixed answers", "Python",
    "JSON", "SQL without a semicolon", "Chinese", "Arabic", "emoji", "labels", "numbers",
    "lists", "titles to articles", "comma separated",
]  # fmt: skip


def lint(content: bytes, folder: Path) -> LintReport:
    path = folder / "data.jsonl"
    path.write_bytes(content)
    report = LintReport()
    check_source(SourceFile("data.jsonl", path), LintSettings(max_findings=20_000), report)
    return report


@pytest.mark.parametrize("kind", KINDS)
def test_clean_data_draws_nothing(kind: str, tmp_path: Path) -> None:
    """No rule that judges texts or marks has anything to say about sound data without marks."""
    report = lint(as_lines(rows_of(kind)), tmp_path)

    found = [each for each in report.findings if each.code not in ABOUT_THE_SET]
    assert found == []
    separator = " [/INST]" if kind == "Llama chat" else None  # it is what divides the two there
    assert (separator, None) == (report.files[0].separator, report.files[0].stop_sequence)


@pytest.mark.parametrize("kind", MARKED_KINDS)
@pytest.mark.parametrize(("separator", "stop"), MARKS)
@pytest.mark.parametrize("carriers", [0.85, 0.99])
def test_marks_are_inferred_and_the_minority_named(
    kind: str, separator: str, stop: str, carriers: float, tmp_path: Path
) -> None:
    """The marks are found whole, and each row without one is named, and no other."""
    rng = Random(f"{kind} {separator} {carriers}")
    rows: list[Row] = []
    lacking: dict[str, list[int]] = {"DT301": [], "DT303": []}
    for number, (prompt, completion) in enumerate(rows_of(kind), 1):
        ends = {"DT301": separator, "DT303": stop}
        for code in ends:
            if rng.random() > carriers:
                ends[code] = ""
                lacking[code].append(number)
        rows.append((f"{prompt}{ends['DT301']}", f"{completion}{ends['DT303']}"))

    report = lint(as_lines(rows), tmp_path)

    assert (separator, stop) == (report.files[0].separator, report.files[0].stop_sequence)
    named = {code: [each.line for each in report.findings if each.code == code] for code in lacking}
    assert lacking == named
    assert set(report.counts) <= {"DT301", "DT303", *ABOUT_THE_SET}


def test_inference_is_quick_on_texts_without_marks() -> None:
    """Texts whose ends cannot be a mark cost less than one pass over all their characters."""
    texts = [text for _, text in rows_of("prose", 6000)]
    one_pass = min(repeat(lambda: [text.upper() for text in texts], number=1, repeat=5))

    spent = min(repeat(lambda: infer_mark(texts), number=1, repeat=5))

    assert spent < one_pass


def test_a_share_just_below_all_is_not_called_all(tmp_path: Path) -> None:
    """One row of thousands that lacks the mark is no part of 100 %."""
    rows = [(f"{prompt}\n##\n", answer) for prompt, answer in rows_of("numbers", 4000)]
    rows[7] = ("no mark", "1")

    report = lint(as_lines(rows), tmp_path)

    (finding,) = [each for each in report.findings if each.code == "DT301"]
    assert finding.line == 8
    assert "which over 99.9% of the rows looked at end with" in finding.message

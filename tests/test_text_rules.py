"""The rules that judge texts by what most of the file does (DT203 to DT207, DT306)."""

from pathlib import Path
from random import Random

import pytest
from clean_texts import Row, as_lines, rows_of
from hypothesis import given, settings
from hypothesis import strategies as st

from dataset_tools.lines import LineBatch
from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.lint.settings import choose_rules
from dataset_tools.marks import Mark
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules import FileContext
from dataset_tools.sources import SourceFile

RULES = choose_rules(["DT203", "DT205", "DT206", "DT207", "DT306"])
WORDS = st.sampled_from(
    [" ", "\n", "\t", "    ", "\u3000", "", "a", "The cat sat on the old mat", ". ", ",", "字", "है",
     "{name}", "{{ user_name }}", "${text}", "[Your Name]", "<your name>", "`", "[INST]", "[/INST]",
     "<s>", "</s>", "<unk>", "<|im_end|>", "<<SYS>>", " ->", "\n##\n", "END", " END"]
)  # fmt: skip
TEXTS = st.lists(WORDS, max_size=6).map("".join)
MARKS = st.sampled_from([None, "\n##\n", " ->", "\n", " END", "</s>"])


def batch_of(rows: list[Row]) -> RecordBatch:
    batch = RecordBatch(LineBatch(1, b""))
    for number, (prompt, completion) in enumerate(rows, 1):
        batch.add(number, Record(prompt, completion))
    return batch


def lint(content: bytes, folder: Path, **how: int) -> LintReport:
    path = folder / "data.jsonl"
    path.write_bytes(content)
    report = LintReport()
    check_source(SourceFile("data.jsonl", path), LintSettings(rules=RULES), report, **how)
    return report


@given(
    rows=st.lists(st.tuples(TEXTS, TEXTS), max_size=8),
    separator=MARKS,
    stop=MARKS,
    share=st.sampled_from([0.0, 0.5, 0.9]),
    is_text=st.booleans(),
    space=st.sampled_from(["", " ", "\n"]),
)
@settings(deadline=None, max_examples=400)
def test_the_first_look_misses_nothing(
    rows: list[Row], separator: str, stop: str, share: float, is_text: bool, space: str
) -> None:
    """Where the file has habits, the look over columns names all that the exact look reports."""
    marks = [text and Mark(text, "recipe", share) for text in (separator, stop)]
    context = FileContext(
        "text" if is_text else "prompt-completion",
        None if is_text or not marks[0] else marks[0],
        marks[1] or None,
    )
    sound = [
        (None if is_text else f"{prompt}{separator or ''}", f"{space}{answer}{space}{stop or ''}")
        for prompt, answer in rows_of("questions and answers", 40)
    ]
    batch = batch_of([(None if is_text else prompt, answer) for prompt, answer in rows])

    for rule in (rule(context) for rule in RULES):
        rule.learn(batch_of(sound))
        suspects = set(rule.suspects(batch))
        bad = {index for index in range(len(batch)) if any(rule.check_record(batch.record(index)))}
        assert bad <= suspects, rule.code
        assert not any(any(rule.check_record(record)) for _, record in batch_of(sound).records()), (
            rule.code
        )


FAULTS = {
    "DT203": lambda prompt, answer: (prompt, answer.lstrip()),
    "DT205": lambda prompt, answer: (f"{prompt} {{question}}", answer),
    "DT206": lambda prompt, answer: (prompt, f" {prompt}{answer}"),
    "DT207": lambda prompt, answer: (prompt, answer[:-9].rstrip(" .")),
    "DT306": lambda prompt, answer: (f"<s>{prompt}", answer),
}


@pytest.mark.parametrize("how", [{}, {"piece_bytes": 5000}, {"piece_bytes": 5000, "jobs": 2}])
@pytest.mark.parametrize("code", FAULTS)
def test_planted_faults_are_found_at_their_lines(
    code: str, how: dict[str, int], tmp_path: Path
) -> None:
    """Each planted fault is named once, nothing else is, however the file is cut."""
    rows = rows_of("answers after a space", 600)
    planted = sorted(Random(code).sample(range(600), 15))
    for index in planted:
        rows[index] = FAULTS[code](*rows[index])

    report = lint(as_lines(rows), tmp_path, **how)

    assert [(code, index + 1) for index in planted] == [
        (finding.code, finding.line) for finding in report.findings
    ]


LONG = {
    "name in double braces": "{{" + "a_" * 100_000,
    "names in double braces": "{{a_b " * 40_000,
    "spaces in double braces": "{{" + " " * 200_000,
    "lines behind a placeholder": "{name}" + "\n" * 200_000 + "x",
    "tabs behind a placeholder": "{name}\n" + "\t" * 200_000 + "x",
    "word behind a placeholder": "{name} " + "printformat" * 20_000,
    "key behind a placeholder": "{name}\n" + "a." * 100_000,
    "equal signs behind a placeholder": "{name}" + "= " * 100_000,
    "struck through": "<s>" + "a" * 200_000,
    "spaces behind a token": "<s>" + " " * 200_000,
    "tokens": "<s></s>" * 4_000,
    "bars": "<|a" * 60_000,
    "digits": "1" * 200_000,
    "quoted word": "'" + "a" * 200_000,
    "white space of a common prefix": "<s>" + " " * 200_000 + "the end of it",
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_long_texts_take_linear_time(text: str) -> None:
    """A text of 200,000 characters is no trouble; in quadratic time this would run for hours."""
    rules = choose_rules(["DT205", "DT207", "DT306", "DT407"])
    context = FileContext("prompt-completion", None, None)
    sound = rows_of("questions and answers", 40)

    for rule in (rule(context) for rule in rules):
        rule.learn(batch_of(sound))
        batch = batch_of([(f"{text}{end}", f"{text}{end}") for end in ("", " x", " y")])
        rule.suspects(batch)
        rule.observe(batch)
        for index in range(len(batch)):
            assert len(list(rule.check_record(batch.record(index)))) <= 2
        list(rule.conclude(lambda ordinal: None))

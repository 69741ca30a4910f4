"""The rules about a whole set: one verdict, however the file is cut and whoever checks it."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dataset_tools.errors import InputError
from dataset_tools.lines import LineBatch
from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.lint.validation import read_validation
from dataset_tools.marks import Mark
from dataset_tools.parsing import parse_batch
from dataset_tools.records import Record
from dataset_tools.rules import RULES, FileContext
from dataset_tools.rules.dt407_common_prefix import _common_start
from dataset_tools.rules.rule import RuleInputs
from dataset_tools.sources import SourceFile

CODES = ("DT110", "DT307", "DT403", "DT405", "DT406", "DT407", "DT408", "DT409")
SET_RULES = tuple(RULES[code] for code in CODES)
# every rule fires on some of the rows below
OPTIONS = {
    "near-duplicate-similarity": 0.5,
    "max-class-ratio": 1,
    "min-common-prefix": 3,
    "outlier-factor": 1,
}
SCHEMA = {"enum": ["yes", 1]}
ROWS = [
    *((f"Is {name} so?", "yes") for name in "abcdefgh"),
    *(("Is it so?", answer) for answer in ("no", ' "yes" ', "1", "[1", "", "yes ", "long " * 60)),
    ("It is far too long for a question, said the one to the other, and left.", "no"),
    ("It is far too long for a question, said the one to the other and left!", "no"),
]
VALIDATION = [ROWS[0], ("Is  b so?", "yes"), ("nothing", "like it")]
LINES = [
    *(json.dumps({"prompt": prompt, "completion": completion}) for prompt, completion in ROWS),
    "", "{", '{"prompt": "a"}',
]  # fmt: skip


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lint")
    write(folder / "validation.jsonl", VALIDATION)
    return folder


def write(path: Path, rows: list[tuple[str, str]]) -> SourceFile:
    lines = [json.dumps({"prompt": prompt, "completion": text}) for prompt, text in rows]
    path.write_text("".join(f"{line}\n" for line in lines))
    return SourceFile(path.name, path)


def lint(content: str, scratch: Path, **how: Any) -> list[tuple[int, int, str, str]]:
    path = scratch / "data.jsonl"
    path.write_text(content)
    validation = SourceFile("validation.jsonl", scratch / "validation.jsonl")
    chosen = LintSettings(
        rules=SET_RULES,
        options=OPTIONS,
        schema=SCHEMA,
        inference_prompt="Say it ",
        validation_data=(validation,),
    )
    report = LintReport()
    check_source(SourceFile("data.jsonl", path), chosen, report, **how)
    return [(each.line, each.column, each.code, each.message) for each in report.findings]


@given(lines=st.lists(st.sampled_from(LINES), max_size=60), piece_bytes=st.integers(1, 400))
@example(lines=[*LINES[:3], '{"prompt": "Is ", "completion": "it"}'], piece_bytes=4)
@settings(max_examples=150)
def test_piece_size_changes_no_finding(scratch: Path, lines: list[str], piece_bytes: int) -> None:
    """Where the file is cut into pieces is nothing a reader could notice."""
    content = "".join(f"{line}\n" for line in lines)

    assert lint(content, scratch) == lint(content, scratch, piece_bytes=piece_bytes)


@given(lines=st.lists(st.sampled_from(LINES), min_size=20, max_size=60), jobs=st.integers(2, 4))
@settings(max_examples=5)
def test_the_number_of_processes_changes_no_finding(
    scratch: Path, lines: list[str], jobs: int
) -> None:
    """However many processes check a file, they find what one does."""
    content = "".join(f"{line}\n" for line in lines)

    assert lint(content, scratch) == lint(content, scratch, piece_bytes=300, jobs=jobs)


def test_the_rows_of_these_tests_make_every_rule_speak(scratch: Path) -> None:
    """The properties above would hold for rules that never fire; these do."""
    outliers = [LINES[0]] * 1000 + LINES
    classes = [LINES[0]] * 30 + [LINES[8]] * 20
    identical = [LINES[8]] * 3

    found = {
        code
        for lines in (outliers, classes, identical)
        for _, _, code, _ in lint("".join(f"{line}\n" for line in lines), scratch)
    }

    assert set(CODES) == found


@given(
    records=st.lists(
        st.builds(Record, *(st.sampled_from(column) for column in zip(*ROWS, strict=True))),
        max_size=40,
    ),
    is_text=st.booleans(),
    stop=st.sampled_from(["s", " ", "so?"]),
)
@settings(max_examples=200)
def test_no_rule_misses_a_bad_record_at_first_look(
    scratch: Path, records: list[Record], is_text: bool, stop: str
) -> None:
    """The look over columns names every record in which the exact look finds a problem."""
    source = SourceFile("validation.jsonl", scratch / "validation.jsonl")
    inputs = RuleInputs(
        options=OPTIONS, schema=SCHEMA, validation=read_validation([source], LintSettings())
    )
    context = FileContext(
        "text" if is_text else "prompt-completion",
        None if is_text else Mark("so?", "recipe", 0.5),
        Mark(stop, "recipe", 0.5),
        inputs,
    )
    shown = [Record(None, each.completion) if is_text else each for each in records]
    lines = [json.dumps(each.as_json_object()).encode() + b"\n" for each in shown]
    batch = parse_batch(LineBatch(1, b"".join(lines)), context.record_format)

    for rule in (rule(context) for rule in SET_RULES):
        rule.learn(batch)
        suspects = set(rule.suspects(batch))
        bad = {index for index in range(len(batch)) if any(rule.check_record(batch.record(index)))}
        assert bad <= suspects, rule.code


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_reference_that_leads_elsewhere_ends_the_run(
    server: Any, jobs: int, tmp_path: Path
) -> None:
    """A schema elsewhere is not fetched: one line names the reference, in any process."""
    url = server.url("/schema.json")
    source = write(tmp_path / "data.jsonl", ROWS)

    with pytest.raises(InputError, match=f"the schema: the reference '{url}' leads to no part"):
        check_source(
            source, LintSettings(schema={"$ref": url}), LintReport(), jobs=jobs, piece_bytes=100
        )

    assert server.seen("/schema.json") == []


def test_a_pattern_that_cannot_be_used_ends_the_run(tmp_path: Path) -> None:
    """Schemas have regular expressions that Python does not read: one line says so."""
    source = write(tmp_path / "data.jsonl", [("a", '"b"')])

    with pytest.raises(InputError, match=r"the schema: '\\p\{L\}' is not a regular expression"):
        check_source(source, LintSettings(schema={"pattern": r"\p{L}"}), LintReport())


@given(st.text("ab"), st.text("ab"), st.text("ab"))
@example("a" * 20_000_000, "", "b")
@settings(deadline=None)
def test_the_common_start_is_all_that_two_texts_begin_with(
    start: str, one: str, other: str
) -> None:
    """Both texts begin with what is found, and go on differently or end there, however long."""
    first, second = start + one, start + other

    found = _common_start(first, second)

    assert first.startswith(found) and second.startswith(found)
    ends = first[len(found) : len(found) + 1], second[len(found) : len(found) + 1]
    assert ends[0] != ends[1] or ends == ("", "")

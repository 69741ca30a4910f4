"""Validation data as lint holds it, and what makes a training record a copy of it."""

import gzip
import json
from pathlib import Path

import pytest

from dataset_tools.errors import InputError
from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.lint.settings import GivenMark
from dataset_tools.lint.validation import ValidationPlace, read_validation
from dataset_tools.sources import SourceFile

BYTES_A_RECORD = 24


def source(path: Path, content: str) -> SourceFile:
    path.write_text(content, encoding="utf-8")
    return SourceFile(path.name, path)


def row(prompt: str, completion: str) -> str:
    return json.dumps({"prompt": prompt, "completion": completion}) + "\n"


def test_the_file_and_its_own_line_are_named(tmp_path: Path) -> None:
    """A record is found in the right one of several files, at the line it has there."""
    sources = [
        source(tmp_path / "a.jsonl", row("a", "1") + "\n" + row("b", "2")),
        source(tmp_path / "b.jsonl", "{\n" + row("c", "3") + row("a", "1")),
    ]

    records = read_validation(sources, LintSettings())

    assert {
        0: ValidationPlace("b.jsonl", 2, is_exact=True),
        1: ValidationPlace("a.jsonl", 1, is_exact=True),
        3: ValidationPlace("a.jsonl", 3, is_exact=False),
    } == records.find([("c", "3"), ("a", "1"), ("a", "2"), (" b", "2\n")])
    assert len(records) == 3


def test_texts_cut_elsewhere_are_other_records(tmp_path: Path) -> None:
    """What is prompt and what is completion counts."""
    records = read_validation([source(tmp_path / "a.jsonl", row("ab", "c"))], LintSettings())

    assert records.find([("a", "bc"), ("abc", ""), ("", "abc")]) == {}


def test_nothing_is_found_among_nothing(tmp_path: Path) -> None:
    """An empty batch of records is looked up without complaint."""
    records = read_validation([source(tmp_path / "a.jsonl", row("a", "b"))], LintSettings())

    assert records.find([]) == {}


def test_each_side_loses_its_own_marks(tmp_path: Path) -> None:
    """Marks inferred in the validation data, and others in the training data, tell nothing."""
    validation = source(
        tmp_path / "validation.jsonl", "".join(row(f"{each} ->", f" {each} END") for each in "abc")
    )
    training = source(
        tmp_path / "train.jsonl", "".join(row(f"{each}\n##\n", f" {each}") for each in "xbyc")
    )
    report = LintReport()

    check_source(training, LintSettings(validation_data=(validation,)), report)

    assert [(each.line, each.message) for each in report.findings if each.code == "DT408"] == [
        (2, "the record is also in the validation data: 'validation.jsonl' line 2"),
        (4, "the record is also in the validation data: 'validation.jsonl' line 3"),
    ]


def test_a_mark_that_was_given_holds_for_both_sides(tmp_path: Path) -> None:
    """A separator asked for is taken off the validation records as well."""
    validation = source(tmp_path / "validation.jsonl", row("a", "b") + row("c##", "d"))
    training = source(tmp_path / "train.jsonl", row("c", "d") + row("a##", "b"))
    report = LintReport()

    check_source(
        training, LintSettings(GivenMark("##", "recipe"), validation_data=(validation,)), report
    )

    assert [each.line for each in report.findings if each.code == "DT408"] == [1, 2]


def test_without_validation_data_nothing_is_compared(tmp_path: Path) -> None:
    """Validation data linted for itself is not found in itself."""
    validation = source(tmp_path / "validation.jsonl", row("a", "b"))
    report = LintReport()

    check_source(validation, LintSettings(), report)

    assert [each for each in report.findings if each.code == "DT408"] == []


def test_memory_a_record(tmp_path: Path) -> None:
    """What is held of a record is 24 bytes, however long its texts are."""
    lines = "".join(row(f"{number}" * 100, "x" * 1000) for number in range(500))

    records = read_validation([source(tmp_path / "a.jsonl", lines)], LintSettings())

    columns = (records.high, records.low, records.spellings, records.lines)
    assert len(records) == 500
    assert sum(column.nbytes for column in columns) == 500 * BYTES_A_RECORD
    assert all(column.base is None for column in columns)


def test_packed_validation_data(tmp_path: Path) -> None:
    """A packed file is read like a plain one."""
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(row("a", "b").encode()))

    records = read_validation([SourceFile("a.jsonl.gz", path)], LintSettings())

    assert {0: ValidationPlace("a.jsonl.gz", 1, is_exact=True)} == records.find([("a", "b")])


@pytest.mark.parametrize("content", ["", "\n\n", "a,b\n1,2\n", "[1]\n"])
def test_data_without_a_record_is_refused(content: str, tmp_path: Path) -> None:
    """A wrong file would make every training set look clean."""
    wrong = source(tmp_path / "wrong.jsonl", content)
    training = source(tmp_path / "train.jsonl", row("a", "b"))

    with pytest.raises(InputError, match=r"wrong\.jsonl: no record in the validation data"):
        check_source(training, LintSettings(validation_data=(wrong,)), LintReport())


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A file that is gone is named in one line."""
    training = source(tmp_path / "train.jsonl", row("a", "b"))
    gone = SourceFile("gone.jsonl", tmp_path / "gone.jsonl")

    with pytest.raises(InputError, match=r"gone\.jsonl: cannot be read"):
        check_source(training, LintSettings(validation_data=(gone,)), LintReport())


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    """Two runs of one process see the validation data as it is."""
    training = source(tmp_path / "train.jsonl", row("a", "b"))
    found = []

    for content in (row("a", "bc"), row("a", "b")):
        validation = source(tmp_path / "validation.jsonl", content)
        report = LintReport()
        check_source(training, LintSettings(validation_data=(validation,)), report)
        found.append([each.line for each in report.findings if each.code == "DT408"])

    assert found == [[], [1]]

"""Rows that a format's own library wrote, converted: the same texts, and sound."""

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyarrow
import pytest
from any_texts import TEXTS
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from dataset_tools.convert.conversion import Conversion, Outcome, convert_table
from dataset_tools.convert.readers import open_table
from dataset_tools.convert.record_file import record_file, write_records
from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.sources import SourceFile

Pairs = list[tuple[str, str]]
# a completion of white space alone is an error, as it should be
PAIRS = st.lists(st.tuples(TEXTS, TEXTS.filter(str.strip)), min_size=1, max_size=6)
# control characters are none of XML's; a lone carriage return, a line feed to its readers
NOT_OF_WORKBOOKS = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")


def save_csv(path: Path, pairs: Pairs) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("prompt", "completion"), *pairs])
    path.write_bytes(text.getvalue().encode())


def save_json_lines(path: Path, pairs: Pairs) -> None:
    rows = ({"prompt": prompt, "completion": completion} for prompt, completion in pairs)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def save_parquet(path: Path, pairs: Pairs) -> None:
    columns = dict(zip(("prompt", "completion"), map(list, zip(*pairs, strict=True)), strict=True))
    parquet.write_table(pyarrow.table(columns), path)


def save_workbook(path: Path, pairs: Pairs) -> None:
    workbook = openpyxl.Workbook()
    for row in [("prompt", "completion"), *pairs]:
        workbook.active.append(row)
    for row in workbook.active:
        for cell in row:
            cell.data_type = "s"  # a text that begins with = is no formula
    workbook.save(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pairs")


def converted(path: Path) -> Pairs:
    """The records that become of a file, which lint has no error in but for equal texts."""
    output = path.with_name("out.jsonl")
    with (
        open_table(SourceFile(path.name, path)) as table,
        record_file(output) as stream,
    ):
        write_records(convert_table(table, Conversion(), Outcome()), stream)
    report = LintReport()
    check_source(SourceFile(output.name, output), LintSettings(), report)
    errors = [each.code for each in report.findings if each.severity.value == "error"]
    assert set(errors) <= {"DT406"}  # all prompts, or all completions, may be the same by chance
    return [
        (record["prompt"], record["completion"])
        for record in map(json.loads, output.read_bytes().splitlines())
    ]


@pytest.mark.parametrize(
    ("name", "save", "cannot_hold"),
    [
        ("x.csv", save_csv, None),
        ("x.jsonl", save_json_lines, None),
        ("x.parquet", save_parquet, None),
        ("x.xlsx", save_workbook, NOT_OF_WORKBOOKS),
    ],
)
@given(pairs=PAIRS)
def test_prompts_and_completions_come_through_every_format(
    folder: Path,
    name: str,
    save: Callable[[Path, Pairs], None],
    cannot_hold: re.Pattern[str] | None,
    pairs: Pairs,
) -> None:
    """Any text that the format can hold is the record's text, to the last character."""
    if cannot_hold:
        pairs = [
            (cannot_hold.sub("", prompt), cannot_hold.sub("", completion) + "!")
            for prompt, completion in pairs
        ]
    save(folder / name, pairs)
    assert converted(folder / name) == pairs

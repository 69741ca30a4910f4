"""Whatever text a format can hold comes back as it was written by the format's own library."""

import csv
import gzip
import io
import json
import re
from pathlib import Path

import openpyxl
import pyarrow
import pytest
import zstandard
from any_texts import TEXTS
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl.cell import WriteOnlyCell
from pyarrow import parquet
from tables import rows_of, write

NAMES = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8)


def tables(texts: st.SearchStrategy[str]) -> st.SearchStrategy[list[dict[str, str]]]:
    """Rows of the same two to four columns."""
    columns = st.lists(NAMES, min_size=2, max_size=4, unique=True)
    return columns.flatmap(
        lambda names: st.lists(
            st.fixed_dictionaries(dict.fromkeys(names, texts)), min_size=1, max_size=5
        )
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


def delimited(rows: list[dict[str, str]], delimiter: str, line_ending: str) -> str:
    text = io.StringIO(newline="")
    # csv quotes a carriage return of its own accord only where lines end with one
    quoting = csv.QUOTE_MINIMAL if line_ending == "\r\n" else csv.QUOTE_ALL
    writer = csv.DictWriter(
        text, list(rows[0]), delimiter=delimiter, lineterminator=line_ending, quoting=quoting
    )
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@given(tables(TEXTS), st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["\r\n", "\n"]))
@example([{"a": "x\ry", "b": ""}], ",", "\n")
def test_delimited_text(
    folder: Path, rows: list[dict[str, str]], delimiter: str, line_ending: str
) -> None:
    """CSV with any delimiter that is named, and TSV."""
    path = write(folder, "x.csv", delimited(rows, delimiter, line_ending))

    assert rows == rows_of(path, delimiter=delimiter)


@given(tables(TEXTS), st.sampled_from(["utf-8-sig", "utf-16", "utf-32", "utf-16-be"]))
def test_encodings_of_unicode(folder: Path, rows: list[dict[str, str]], encoding: str) -> None:
    """A byte order mark is no part of the first column's name."""
    text = delimited(rows, "\t", "\n")
    path = write(folder, "x.tsv", text.encode(encoding))

    # without a mark, only a name makes this encoding certain
    named = "utf-16-be" if encoding == "utf-16-be" else None
    assert rows == rows_of(path, delimiter="\t", encoding=named)


@given(tables(TEXTS), st.booleans(), st.sampled_from([None, 1]))
def test_json_array(
    folder: Path, rows: list[dict[str, str]], is_ascii: bool, indent: int | None
) -> None:
    """An array of objects, escaped or not, indented or not."""
    path = write(folder, "x.json", json.dumps(rows, ensure_ascii=is_ascii, indent=indent))

    assert rows == rows_of(path)


@given(tables(TEXTS), st.booleans())
def test_json_columns(folder: Path, rows: list[dict[str, str]], is_ascii: bool) -> None:
    """An object of arrays."""
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    path = write(folder, "x.json", json.dumps(columns, ensure_ascii=is_ascii))

    assert rows == rows_of(path)


@given(tables(TEXTS), st.booleans(), st.sampled_from(["", ".gz", ".zst"]))
def test_json_lines(folder: Path, rows: list[dict[str, str]], is_ascii: bool, packed: str) -> None:
    """JSON Lines, packed or not."""
    text = "".join(json.dumps(row, ensure_ascii=is_ascii) + "\n" for row in rows)
    pack = {"": bytes, ".gz": gzip.compress, ".zst": zstandard.compress}[packed]
    path = write(folder, f"x.jsonl{packed}", pack(text.encode()))

    assert rows == rows_of(path)


@given(tables(TEXTS))
def test_parquet(folder: Path, rows: list[dict[str, str]]) -> None:
    """Parquet, as pyarrow writes it."""
    path = folder / "x.parquet"
    parquet.write_table(pyarrow.Table.from_pylist(rows), path)

    assert rows == rows_of(path)


SHEET_TEXTS = TEXTS.filter(lambda text: not re.search("[\ufffe\uffff]", text))


@given(tables(SHEET_TEXTS).filter(lambda rows: all(any(row.values()) for row in rows)))
def test_workbook(folder: Path, rows: list[dict[str, str]]) -> None:
    """XLSX: cells of text, with what XML cannot hold escaped as the format has it."""
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet()
    names = list(rows[0])
    for cells in [names, *([row[name] for name in names] for row in rows)]:
        sheet.append([text_cell(sheet, text) for text in cells])
    path = folder / "x.xlsx"
    workbook.save(path)

    assert rows == rows_of(path)


def text_cell(sheet: object, text: str) -> WriteOnlyCell:
    escaped = re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text)
    escaped = re.sub("[\x00-\x08\x0b-\x1f]", lambda odd: f"_x{ord(odd[0]):04X}_", escaped)
    cell = WriteOnlyCell(sheet, escaped)
    cell.data_type = "s"  # also what looks like a formula or an error
    return cell

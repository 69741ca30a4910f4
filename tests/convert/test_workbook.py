"""XLSX: which sheet and cells are the table, what a cell's value is, what is not opened."""

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest
from tables import head_of, outline, refusal, rows_of, write

SHEET = "xl/worksheets/sheet1.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def workbook(*sheets: Sequence[Sequence[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets, start=1):
        sheet = book.create_sheet(f"Sheet{number}")
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def changed(content: bytes, change: Callable[[bytes], bytes], part: str = SHEET) -> bytes:
    """The workbook with one part of its archive changed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", 8) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return stream.getvalue()


def with_part(content: bytes, name: str) -> bytes:
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr(name, "x")
    return stream.getvalue()


TABLE = workbook([["a", "b"], ["x", 1], ["y", 2]])


def test_values_are_what_excel_shows(tmp_path: Path) -> None:
    """Whole numbers without a point, days without a time, blank cells as empty text."""
    values = [
        ["n", "s"],
        [3.0, "00123"],
        [1.5, "NA"],
        [date(2024, 1, 5), None],
        [datetime(2024, 1, 5, 6, 7), " lead"],
        [time(6, 7), True],
    ]
    rows = rows_of(write(tmp_path, "x.xlsx", workbook(values)))

    assert [3, 1.5, date(2024, 1, 5), datetime(2024, 1, 5, 6, 7), time(6, 7)] == [
        row["n"] for row in rows
    ]
    assert [int, float, date, datetime, time] == [type(row["n"]) for row in rows]
    assert [row["s"] for row in rows] == ["00123", "NA", "", " lead", True]


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ("a_x000D_\nb", "a\r\nb"),
        ("_x005F_x000D_", "_x000D_"),
        ("_xD83D__xDE00_", "😀"),
        ("_xD83D_", "_xD83D_"),
        ("_xD83D__x0041_", "_xD83D_A"),
        ("_x000D__xD83D__xDE00_", "\r😀"),
        ("snake_x_case", "snake_x_case"),
    ],
)
def test_escapes_of_the_format_are_undone(stored: str, expected: str, tmp_path: Path) -> None:
    """As Excel writes what XML cannot hold; half a surrogate pair stays spelt."""
    path = write(tmp_path, "x.xlsx", workbook([["a"], [stored]]))

    assert [{"a": expected}] == rows_of(path)


def test_the_table_may_stand_anywhere(tmp_path: Path) -> None:
    """Empty rows and columns around it are no part of it; rows keep the sheet's numbers."""
    rows = [[], [None, None, ""], [None, "a", "b"], [], [None, 1, 2, None], [None, 3], [None, None]]
    path = write(tmp_path, "x.xlsx", workbook(rows))

    assert outline(path) == [(5, {"a": 1, "b": 2}), (6, {"a": 3, "b": ""})]
    assert head_of(path).place(5, 1) == "x.xlsx: sheet row 5"


def test_without_a_header_columns_are_numbered(tmp_path: Path) -> None:
    """The first row is data."""
    path = write(tmp_path, "x.xlsx", TABLE)

    assert rows_of(path, has_header=False)[0] == {"1": "a", "2": "b"}


def test_the_sheet_is_the_first_or_the_one_named(tmp_path: Path) -> None:
    """Which one was taken is noted where there are several."""
    path = write(tmp_path, "x.xlsx", workbook([["a"], [1]], [["b"], [2]]))

    assert rows_of(path) == [{"a": 1}]
    assert rows_of(path, sheet="Sheet2") == [{"b": 2}]
    note = "the sheet 'Sheet1' of 'Sheet1', 'Sheet2'; --sheet names another"
    assert (note,) == head_of(path).notes
    assert head_of(path, sheet="Sheet2").notes == ()


def test_a_hidden_sheet_is_read_only_when_named(tmp_path: Path) -> None:
    """The first visible one is the table."""
    hidden = changed(
        workbook([["a"], [1]], [["b"], [2]]),
        lambda xml: xml.replace(b'sheetId="1" state="visible"', b'sheetId="1" state="hidden"'),
        "xl/workbook.xml",
    )
    path = write(tmp_path, "x.xlsx", hidden)

    assert rows_of(path) == [{"b": 2}]
    assert rows_of(path, sheet="Sheet1") == [{"a": 1}]


def test_cells_without_a_value_are_errors_of_their_rows(tmp_path: Path) -> None:
    """Formulas that were never worked out, and error values; named by their cells."""
    content = workbook([["a", "b"], ["=1+1", 1], [2, "#N/A"], ["t", 3]])
    path = write(tmp_path, "x.xlsx", content)

    (_, formula), (_, error), (_, sound) = outline(path)
    assert formula.startswith("cell A2 holds a formula without a stored value; open the workbook")
    assert error == "cell B3 holds the error #N/A, expected a value"
    assert sound == {"a": "t", "b": 3}


def test_a_stored_value_of_a_formula_is_read(tmp_path: Path) -> None:
    """As a spreadsheet program leaves it."""
    content = changed(
        workbook([["a"], ["=1+1"]]), lambda xml: re.sub(b"<v ?/>|<v></v>", b"<v>2</v>", xml)
    )

    assert rows_of(write(tmp_path, "x.xlsx", content)) == [{"a": 2}]


def test_a_value_beyond_the_header_is_an_error_of_its_row(tmp_path: Path) -> None:
    """It would be lost without a word."""
    path = write(tmp_path, "x.xlsx", workbook([["a", "b"], [1, 2, 3], [4, 5]]))

    error = "cell C2 holds a value, but its column has no name; name it in the header, or clear "
    assert [(2, error + "the cell"), (3, {"a": 4, "b": 5})] == outline(path)


def test_a_wrong_extent_loses_no_rows(tmp_path: Path) -> None:
    """Some programs write that the sheet is a single cell."""
    content = changed(TABLE, lambda xml: re.sub(b'ref="A1:B3"', b'ref="A1"', xml))

    assert rows_of(write(tmp_path, "x.xlsx", content)) == [{"a": "x", "b": 1}, {"a": "y", "b": 2}]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (workbook([["a", "a"], [1, 2]]), "sheet row 1: columns 1, 2 are all named 'a'"),
        (workbook([["a", None, "c"], [1, 2, 3]]), "sheet row 1: column 2 of 3 has no name"),
        (workbook([["a", "#N/A"], [1, 2]]), "sheet row 1: cell B1 holds the error #N/A"),
        (workbook([["a"]]), "the file holds only the columns 'a' and no row"),
        (workbook([]), "the file holds no rows"),
        (b"", "not an XLSX workbook, or cut short"),
        (b"hello", "not an XLSX workbook, or cut short"),
        (TABLE[: len(TABLE) // 2], "not an XLSX workbook, or cut short"),
        (changed(TABLE, lambda xml: xml[:500]), "the workbook cannot be read, perhaps it is"),
        (changed(TABLE, lambda xml: b""), "the workbook cannot be read, perhaps it is damaged"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "the workbook is protected by a password"),
        (
            OLE.ljust(1024 * 1024 - 9, b"x") + "EncryptedPackage".encode("utf-16-le"),
            "the workbook is protected by a password",
        ),
        (OLE, "an old workbook (.xls); save it as .xlsx"),
        (with_part(TABLE, "xl/vbaProject.bin"), "a workbook with macros, which is not opened"),
        (with_part(TABLE, "xl/workbook.bin"), "a binary workbook (.xlsb); save it as .xlsx"),
        (with_part(TABLE, "content.xml"), "an OpenDocument file; save it as .xlsx"),
    ],
)
def test_what_cannot_be_read_is_refused(content: bytes, expected: str, tmp_path: Path) -> None:
    """In one line with the remedy."""
    message = refusal(write(tmp_path, "x.xlsx", content), "xlsx")

    assert message.startswith(f"x.xlsx: {expected}")


def test_another_archive_is_refused(tmp_path: Path) -> None:
    """A zip file of data has to be unpacked first."""
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.csv", "a,b\n1,2\n")

    assert "a zip archive that is no workbook; unpack it and give the data" in refusal(path)


def test_a_sheet_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """And those that are there are listed."""
    message = refusal(write(tmp_path, "x.xlsx", TABLE), sheet="Data")

    assert message == "x.xlsx: no sheet 'Data'; the workbook has 'Sheet1'"


@pytest.mark.parametrize(
    "change",
    [
        lambda xml: xml.replace(b"<sheetData>", b" " * 100_000_000 + b"<sheetData>"),
        lambda xml: xml.replace(b'<row r="3"', b'<row r="99999999999"'),
        lambda xml: (
            b'<!DOCTYPE x [<!ENTITY a0 "aaaaaaaaaa">'
            + b"".join(b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * 10) for i in range(1, 12))
            + b"]>"
            + xml.replace(b"<v>1<", b"<v>&a11;<")
        ),
    ],
    ids=["packed", "rows", "entities"],
)
def test_a_workbook_made_to_fill_the_memory_is_refused(
    change: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    """By its archive, by its rows or by its XML; in no time."""
    message = refusal(write(tmp_path, "x.xlsx", changed(TABLE, change)))

    assert message.startswith("x.xlsx: ")


def merged(*ranges: str) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(workbook([["a", "b"], [1, 2], [3, 4], [5, 6]])))
    for each in ranges:
        book.active.merge_cells(each)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_merged_cells_are_errors_of_their_rows(tmp_path: Path) -> None:
    """But for that of the first cell, which has the value."""
    path = write(tmp_path, "x.xlsx", merged("A2:A3"))

    assert outline(path) == [
        (2, {"a": 1, "b": 2}),
        (
            3,
            "cell A3 is one of the merged cells A2:A3, whose value stands in A2 only; unmerge them "
            "and fill in each",
        ),
        (4, {"a": 5, "b": 6}),
    ]


@pytest.mark.parametrize(
    ("ranges", "rows"),
    [
        (("A2:B2",), [2]),
        (("A2:B3",), [2]),  # row 3 is empty
        (("A3:A4", "B2:B3"), [3, 4]),
        (("A2:A3", "B2:B3"), []),  # one row of double height
        (("C2:D9",), []),  # beside the table
    ],
)
def test_merged_cells_are_told_by_their_place(
    ranges: Sequence[str], rows: Sequence[int], tmp_path: Path
) -> None:
    """In which rows they leave a cell of the table without its value."""
    found = outline(write(tmp_path, "x.xlsx", merged(*ranges)))

    assert rows == [number for number, row in found if isinstance(row, str)]


def test_of_an_empty_sheet_others_are_named(tmp_path: Path) -> None:
    """The data may stand in them."""
    path = write(tmp_path, "x.xlsx", workbook([], [["a"], ["1"]]))

    assert refusal(path) == (
        "x.xlsx: the file holds no rows; there is nothing to convert (the sheet 'Sheet1' of "
        "'Sheet1', 'Sheet2'; --sheet names another)"
    )
    assert rows_of(path, sheet="Sheet2") == [{"a": "1"}]


def test_sheets_of_charts_are_passed_over(tmp_path: Path) -> None:
    """Even one without a chart, and alone they are no table."""
    book = openpyxl.load_workbook(io.BytesIO(workbook([["a"], ["1"]])))
    book.create_chartsheet("Chart", 0)
    path = tmp_path / "x.xlsx"
    book.save(path)

    assert rows_of(path) == [{"a": "1"}]
    book.remove(book["Sheet1"])
    book.save(path)
    assert refusal(path) == "x.xlsx: the workbook has no sheet of cells; give one that has"

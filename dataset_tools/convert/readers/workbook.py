"""XLSX: a sheet of a workbook, its cells as the values that Excel stored."""

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime, time
from itertools import chain
from typing import Any, BinaryIO

from dataset_tools.convert.readers.header import refuse_unless_names
from dataset_tools.convert.readers.merged_cells import MergedCells
from dataset_tools.convert.readers.workbook_package import (
    SheetContent,
    refuse_unless_workbook,
    sheet_content,
)
from dataset_tools.convert.table import ReadOptions, Row, RowError, Table
from dataset_tools.convert.values import shown_name
from dataset_tools.errors import InputError, MissingExtraError
from dataset_tools.lines import open_plain
from dataset_tools.sources import SourceFile

_LAST_ROW = 1_048_576  # of the format
_LISTED = 10
_ERROR_CELL = "e"
_FORMULA_CELL = "f"
# Excel writes what XML has no place for as _xHHHH_, and a text that looks so with its first
# underscore escaped (ECMA-376-1, 22.9.2.19); openpyxl undoes neither. Half a surrogate pair stays
# as it is, for no text holds it.
_HEX = "[0-9A-Fa-f]"
_ESCAPE = re.compile(
    rf"_x([Dd][89ABab]{_HEX}{{2}})__x([Dd][C-Fc-f]{_HEX}{{2}})_"  # a surrogate pair
    rf"|_x((?![Dd][89A-Fa-f]){_HEX}{{4}})_"
)

Values = Sequence[object]


@contextmanager
def read(source: SourceFile, options: ReadOptions) -> Iterator[Table]:
    """Open one sheet; its first row that is not empty names the columns.

    Blank cells are empty texts, and empty rows are skipped; a row is an error where a cell's value
    stands in another that it is merged with. Raises MissingExtraError without openpyxl, InputError
    where the workbook cannot be read, has no such sheet, or no header.
    """
    try:
        import openpyxl  # noqa: F401 - whether it is there
    except ImportError as error:
        raise MissingExtraError(f"{source.name}: reading XLSX", "tables") from error

    with open_plain(source.path, source.name) as stream, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="openpyxl")  # of styles that it will not keep
        refuse_unless_workbook(stream, source.name)
        with _explained(source.name):
            workbook = _opened(stream, has_formulas=False)
        with closing(workbook):
            sheet, notes = _chosen_sheet(workbook, options.sheet, source.name)
            with _explained(source.name):
                content = sheet_content(stream, sheet._worksheet_path)
            values = _explained_rows(_values(stream, sheet, content), source.name)
            columns, rows = _header(
                _rows(values, source.name),
                MergedCells(content.merged),
                options.has_header,
                f"{source.name}: sheet row",
            )
            yield Table(source.name, columns, rows, unit="sheet row", notes=notes)


def _opened(stream: BinaryIO, *, has_formulas: bool) -> Any:
    """The workbook with its formulas, or else their values, read as it is asked for."""
    from openpyxl.reader.excel import ExcelReader

    class Reader(ExcelReader):  # type: ignore[misc]  # openpyxl has no types
        def read_chartsheet(self, sheet: Any, rel: Any) -> None:
            with suppress(AttributeError):  # at the lack of a chart, once the sheet is noted
                super().read_chartsheet(sheet, rel)

    reader = Reader(stream, read_only=True, data_only=not has_formulas)
    reader.read()
    return reader.wb


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Turn what openpyxl, the archive or the XML raises into InputError."""
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:  # of many kinds: what a damaged file breaks is anything
        reason = str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
        raise InputError(
            f"{name}: the workbook cannot be read, perhaps it is damaged ({reason}); open and "
            "save it in a spreadsheet program, or save it as CSV"
        ) from error


def _explained_rows(rows: Iterator[Values], name: str) -> Iterator[Values]:
    with _explained(name):
        yield from rows


def _chosen_sheet(workbook: Any, wanted: str | None, name: str) -> tuple[Any, tuple[str, ...]]:
    sheets = {sheet.title: sheet for sheet in workbook.worksheets}
    listed = ", ".join(map(shown_name, list(sheets)[:_LISTED])) + ", …" * (len(sheets) > _LISTED)
    if wanted is not None:
        if wanted not in sheets:
            raise InputError(f"{name}: no sheet {shown_name(wanted)}; the workbook has {listed}")
        return sheets[wanted], ()
    if not sheets:
        raise InputError(f"{name}: the workbook has no sheet of cells; give one that has")
    visible = [sheet for sheet in sheets.values() if sheet.sheet_state == "visible"]
    if not visible:
        raise InputError(f"{name}: the workbook has no visible sheet; name one with --sheet")
    if len(sheets) == 1:
        return visible[0], ()
    note = f"the sheet {shown_name(visible[0].title)} of {listed}; --sheet names another"
    return visible[0], (note,)


def _values(stream: BinaryIO, sheet: Any, content: SheetContent) -> Iterator[Values]:
    """The values of each row; a RowError in place of what is no value.

    Most sheets hold neither formulas nor errors, which shows in their XML, and are read fast.
    """
    sheet.reset_dimensions()  # some programs write too small ones
    if not content.has_formulas and not content.has_errors:
        yield from sheet.iter_rows(values_only=True)
        return
    if not content.has_formulas:
        for cells in sheet.iter_rows():
            yield [_checked(cell, None) for cell in cells]
        return
    with closing(_opened(stream, has_formulas=True)) as with_formulas:
        twin = with_formulas[sheet.title]
        twin.reset_dimensions()
        for cells, formulas in zip(sheet.iter_rows(), twin.iter_rows(), strict=True):
            yield [_checked(*pair) for pair in zip(cells, formulas, strict=True)]


def _checked(cell: Any, formula: Any) -> object:
    value = cell.value
    if value is None:
        if formula is not None and formula.data_type == _FORMULA_CELL:
            return RowError(
                f"cell {formula.coordinate} holds a formula without a stored value; open the "
                "workbook in a spreadsheet program and save it, so that it is worked out"
            )
    elif cell.data_type == _ERROR_CELL:
        return RowError(f"cell {cell.coordinate} holds the error {value}, expected a value")
    return value


def _rows(rows: Iterator[Values], name: str) -> Iterator[tuple[int, Values]]:
    """Rows with their numbers, but for empty ones."""
    for number, values in enumerate(rows, start=1):
        if number > _LAST_ROW:
            raise InputError(f"{name}: a row beyond {_LAST_ROW:,}, the last that the format has")
        if any(values) or any(value is not None and value != "" for value in values):
            yield number, values


def _header(
    rows: Iterator[tuple[int, Values]], merged: MergedCells, has_header: bool, place: str
) -> tuple[tuple[str, ...], Iterator[tuple[int, Row | RowError]]]:
    """The columns' names and the rows under them."""
    first = next(rows, None)
    if first is None:
        return (), iter(())
    number, values = first
    cells = [_text(value) for value in values]
    error = next((value for value in values if isinstance(value, RowError)), None)
    if has_header and error is not None:
        raise InputError(f"{place} {number}: {error}")
    # a table may stand anywhere in the sheet
    start = next(index for index, cell in enumerate(cells) if cell.strip()) if has_header else 0
    while not cells[-1]:
        cells.pop()
    cells = cells[start:]
    if not has_header:
        columns = tuple(str(index) for index in range(1, len(cells) + 1))
        return columns, _named(chain([first], rows), columns, start, merged)
    refuse_unless_names(cells, f"{place} {number}")
    return tuple(cells), _named(rows, tuple(cells), start, merged)


def _text(value: object) -> str:
    return "" if value is None else str(_plain(value))


def _named(
    rows: Iterator[tuple[int, Values]], columns: tuple[str, ...], start: int, merged: MergedCells
) -> Iterator[tuple[int, Row | RowError]]:
    end = start + len(columns)
    for number, values in rows:
        cells = list(map(_plain, values[start:end]))
        cells += [""] * (len(columns) - len(cells))
        odd = next((cell for cell in cells if isinstance(cell, RowError)), None)
        if odd is None and len(values) > end:
            odd = _beyond(number, values, end)
        odd = odd or merged.error(number, start + 1, end)
        yield number, odd or dict(zip(columns, cells, strict=True))


def _beyond(number: int, values: Values, end: int) -> RowError | None:
    from openpyxl.utils import get_column_letter

    for column, value in enumerate(values[end:], start=end + 1):
        if value is not None and value != "":
            return RowError(
                f"cell {get_column_letter(column)}{number} holds a value, but its column has no "
                "name; name it in the header, or clear the cell"
            )
    return None


def _plain(value: object) -> object:
    """A cell's value as the sheet shows it, apart from number formats."""
    if isinstance(value, str):
        return _ESCAPE.sub(_unescaped, value) if "_x" in value else value
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, datetime) and value.time() == time.min:
        return value.date()
    return value


def _unescaped(match: re.Match[str]) -> str:
    """The character of an escape, or of a pair of them."""
    return bytes.fromhex("".join(filter(None, match.groups()))).decode("utf-16-be")

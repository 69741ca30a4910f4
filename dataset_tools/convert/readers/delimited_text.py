"""CSV and TSV: cells as text, exactly as they stand in the file."""

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO, TextIOWrapper
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from dataset_tools.convert.readers.delimiter import likely_delimiter, named_delimiter
from dataset_tools.convert.readers.header import refuse_unless_names
from dataset_tools.convert.readers.text_encoding import as_utf8
from dataset_tools.convert.table import ReadOptions, Row, RowError, Table
from dataset_tools.errors import InputError
from dataset_tools.lines import open_plain
from dataset_tools.sources import SourceFile

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

# A quote that is never closed swallows the rest of the file; a character takes up to 4 bytes.
LONGEST_CELL = 64 * 1024 * 1024
_SAMPLE_CHARACTERS = 256 * 1024


class _Dialect(NamedTuple):
    """How the cells of a table are written."""

    name: str
    delimiter: str
    quote_character: str


@contextmanager
def read_csv(source: SourceFile, options: ReadOptions) -> Iterator[Table]:
    """Open a CSV file as a table; see `_read`."""
    with _read(source, options, ",") as table:
        yield table


@contextmanager
def read_tsv(source: SourceFile, options: ReadOptions) -> Iterator[Table]:
    """Open a TSV file as a table; see `_read`."""
    with _read(source, options, "\t") as table:
        yield table


@contextmanager
def _read(source: SourceFile, options: ReadOptions, usual: str) -> Iterator[Table]:
    """Open the file; its first row names the columns; without a header they are "1", "2" and so on.

    Raises InputError where the header names no columns, or the rest cannot be told apart.
    """
    with (
        open_plain(source.path, source.name) as packed,
        as_utf8(packed, source.name, options.encoding) as (stream, notes),
        _long_cells(),
    ):
        start = stream.tell()
        sample = stream.read(_SAMPLE_CHARACTERS)
        stream.seek(start)
        named = named_delimiter(sample)
        dialect = _dialect(source.name, sample, options, named or usual, is_named=bool(named))
        if dialect.delimiter != usual and options.delimiter is None:
            notes += (f"the cells are parted by {dialect.delimiter!r}",)
        # The rows' lines are counted as editors count them: a lone \r in a quoted cell ends none.
        newline = "\n" if b"\n" in sample else ""
        text = TextIOWrapper(stream, encoding="utf-8", newline=newline)
        try:
            reader = csv.reader(
                text, delimiter=dialect.delimiter, quotechar=dialect.quote_character, strict=True
            )
            if named is not None:
                next(reader)  # the line that names it is no row
            line, cells = _first_row(reader, dialect)
            if options.has_header:
                refuse_unless_names(cells, f"{dialect.name}:{line}")
                columns, first = tuple(cells), []
            else:
                columns = tuple(str(index) for index in range(1, len(cells) + 1))
                first = [(line, dict(zip(columns, cells, strict=True)))]
            yield Table(
                source.name,
                columns,
                chain(first, _rows(reader, columns, dialect)),
                unit="line",
                notes=notes,
                bytes_read=stream.tell,
                size=os.fstat(stream.fileno()).st_size,
            )
        finally:
            text.detach()  # the stream is another's to close


@contextmanager
def _long_cells() -> Iterator[None]:
    before = csv.field_size_limit(LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _dialect(
    name: str, sample: bytes, options: ReadOptions, usual: str, *, is_named: bool
) -> _Dialect:
    quote_character = options.quote_character or '"'
    _refuse_unless_character("--quote-char", quote_character)
    if options.delimiter is not None:
        _refuse_unless_character("--delimiter", options.delimiter)
        if options.delimiter == quote_character:
            raise InputError(
                f"--delimiter and --quote-char are both {quote_character!r}; "
                "expected two characters"
            )
        return _Dialect(name, options.delimiter, quote_character)
    if is_named:
        return _Dialect(name, usual, quote_character)
    text = sample.decode(errors="ignore")  # the sample may end within a character
    lines = StringIO(text, newline="\n" if "\n" in text else None).readlines()
    if len(sample) == _SAMPLE_CHARACTERS and len(lines) > 1:
        lines.pop()
    return _Dialect(name, likely_delimiter(lines, usual, quote_character), quote_character)


def _refuse_unless_character(option: str, value: str) -> None:
    if len(value) != 1 or value in "\r\n":
        raise InputError(f"{option} is {value!r}; expected one character that ends no line")


def _first_row(reader: "CsvReader", dialect: _Dialect) -> tuple[int, list[str]]:
    """The first row that is not blank, and the line on which it starts."""
    start = reader.line_num + 1
    try:
        for cells in reader:
            if cells:
                return start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        faulty = _faulty(error, start, reader.line_num, dialect)
        raise InputError(f"{dialect.name}:{start}: the first row: {faulty}") from error
    raise InputError(f"{dialect.name}: the file is empty; expected a header and rows under it")


def _rows(
    reader: "CsvReader", columns: tuple[str, ...], dialect: _Dialect
) -> Iterator[tuple[int, Row | RowError]]:
    """Each further row that is not blank, with the number of the line on which it starts."""
    width = len(columns)
    start = reader.line_num + 1
    while True:
        try:
            for cells in reader:
                if len(cells) == width:
                    yield start, dict(zip(columns, cells))  # noqa: B905 - just compared
                elif cells:
                    yield start, _ragged(cells, width, dialect)
                start = reader.line_num + 1
            return
        except csv.Error as error:
            yield start, _faulty(error, start, reader.line_num, dialect)
            start = reader.line_num + 1


def _faulty(error: csv.Error, start: int, end: int, dialect: _Dialect) -> RowError:
    """What csv's own words mean for the row; raises InputError where it has no end."""
    quote, reason = dialect.quote_character, str(error)
    mend = (
        f"close it, or write a quote within a cell twice ({quote}{quote}) and put the cell in "
        "quotes"
    )
    if "end of data" in reason:
        raise InputError(
            f"{dialect.name}:{start}: a quote ({quote}) opens in the row that starts here and is "
            f"not closed before the end of the file; {mend}"
        )
    if "field larger" in reason:
        raise InputError(
            f"{dialect.name}:{start}: a cell of the row that starts here is longer than "
            f"{LONGEST_CELL:,} characters, the most that are read; shorten it, or, where a quote "
            f"({quote}) opens by mistake, {mend}"
        )
    until = f" in line {end}" if end != start else ""
    if "expected after" in reason:
        return RowError(
            f"text follows a closing quote ({quote}){until}, expected "
            f"{dialect.delimiter!r} or the end of the row; write a quote within a cell twice "
            f"({quote}{quote}), and look whether an earlier one is left open"
        )
    if "new-line character" in reason:
        return RowError(
            f"a carriage return stands outside quotes{until}; put the cell in quotes ({quote})"
        )
    return RowError(f"cannot be read{until}: {reason}")


def _ragged(row: list[str], expected: int, dialect: _Dialect) -> RowError:
    found = len(row)
    cells = f"{found} cell{'s' * (found != 1)}, expected {expected}"
    if found == expected + 1 and not row[-1]:
        return RowError(
            f"{cells}; the row ends with a delimiter ({dialect.delimiter!r}) that the header does "
            "not have; take it off the end of each row, or name one more column in the header"
        )
    quotes = f"in quotes ({dialect.quote_character})"
    if found > expected:
        return RowError(f"{cells}; a cell that holds {dialect.delimiter!r} must stand {quotes}")
    return RowError(
        f"{cells}; a cell with a line break must stand {quotes}, and an empty one still needs "
        "its delimiter"
    )

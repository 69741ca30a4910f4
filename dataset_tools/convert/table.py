"""Tables: what every reader makes of its file, rows of named values one after the other."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Literal

Row = Mapping[str, object]  # None, and a key that is not there, is a missing value

SampleBy = Literal["line", "paragraph", "document"]


ROWS_THAT_TELL_COLUMNS = 1000


class RowError(Exception):
    """A row that cannot become a record; the text names the column, what was found, the remedy.

    The row's place is added by who knows it.
    """


NumberedRows = Iterator[tuple[int, Row | RowError]]


def with_columns(rows: NumberedRows) -> tuple[tuple[str, ...], NumberedRows]:
    """The keys of the first rows, in the order they appear, and all the rows."""
    first = list(islice(rows, ROWS_THAT_TELL_COLUMNS))
    keys = (key for _, row in first if not isinstance(row, RowError) for key in row)
    return tuple(dict.fromkeys(keys)), chain(first, rows)


@dataclass(frozen=True, slots=True)
class Table:
    """A file's rows as they are read; each comes with its number, or the error in its place."""

    name: str
    """How messages name the file."""

    columns: tuple[str, ...]
    """All that is known before the first row is read: a header, a schema, the first rows' keys."""

    rows: NumberedRows

    unit: Literal["line", "row", "sheet row"] = "row"
    """What the numbers count, from 1: lines of the file, or rows."""

    notes: tuple[str, ...] = ()
    """What the reader had to decide by itself, a line each: an encoding, a delimiter, a sheet."""

    bytes_read: Callable[[], int] | None = None
    """How far the reader is in a file of `size` bytes; None where that is not known."""

    size: int | None = None

    place_in_file: Callable[[int], str | None] | None = None
    """Of a table of several files: where the row last read stands; None for any other number."""

    def place(self, number: int, row: int) -> str:
        """Where a row stands, for messages; `row` counts the table's rows from 1."""
        in_file = None if self.place_in_file is None else self.place_in_file(number)
        if in_file is not None:
            return in_file
        if self.unit == "line":
            return f"{self.name}:{number}: row {row}"
        return f"{self.name}: {self.unit} {number}"


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read what a file does not tell by itself; None leaves it to the reader."""

    delimiter: str | None = None
    quote_character: str | None = None
    encoding: str | None = None
    has_header: bool = True
    sheet: str | None = None
    split: str | None = None
    configuration: str | None = None
    sample_by: SampleBy = "line"

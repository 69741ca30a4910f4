"""JSON Lines: an object a line; lines that hold none are errors in their row's place."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice
from typing import BinaryIO

import msgspec

from dataset_tools.convert.readers.json_row import row_of_line, strings_of_row
from dataset_tools.convert.readers.text_encoding import as_utf8
from dataset_tools.convert.table import ReadOptions, Row, RowError, Table
from dataset_tools.lines import open_plain
from dataset_tools.sources import SourceFile

ROWS_THAT_TELL_COLUMNS = 1000


@contextmanager
def read(source: SourceFile, options: ReadOptions) -> Iterator[Table]:
    """Open the file; its columns are the keys of its first rows, in the order they appear.

    A line of invalid UTF-8 is an error in its row's place, as lint has it.
    """
    with (
        open_plain(source.path, source.name) as packed,
        as_utf8(packed, source.name, options.encoding, is_checked_later=True) as (stream, notes),
    ):
        rows = _rows(stream)
        first = list(islice(rows, ROWS_THAT_TELL_COLUMNS))
        yield Table(
            source.name,
            columns_of(first),
            chain(first, rows),
            unit="line",
            notes=notes,
            bytes_read=stream.tell,
            size=os.fstat(stream.fileno()).st_size,
        )


def columns_of(rows: list[tuple[int, Row | RowError]]) -> tuple[str, ...]:
    """All keys of the rows, in the order they appear."""
    return tuple(
        dict.fromkeys(key for _, row in rows if not isinstance(row, RowError) for key in row)
    )


def _rows(stream: BinaryIO) -> Iterator[tuple[int, Row | RowError]]:
    decode = msgspec.json.Decoder().decode
    for number, line in enumerate(stream, start=1):
        try:
            row = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            row = None
        if type(row) is dict:
            quotes = line.count(b'"')
            if b"\\" in line:
                quotes -= line.count(b'\\"')
            # a key that stands twice, of which the parser keeps the last, has quotes of its own
            if quotes == 2 * strings_of_row(row):
                yield number, row
                continue
        exact = row_of_line(number, line)
        if exact is not None:
            yield number, exact

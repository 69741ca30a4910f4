"""JSON Lines: an object a line; lines that hold none are errors in their row's place."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice
from typing import BinaryIO

import msgspec

from dataset_tools.convert.table import ReadOptions, Row, RowError, Table
from dataset_tools.lines import open_plain, skip_byte_order_mark
from dataset_tools.sources import SourceFile

ROWS_THAT_TELL_COLUMNS = 1000


@contextmanager
def read(source: SourceFile, options: ReadOptions) -> Iterator[Table]:
    """Open the file; its columns are the keys of its first rows, in the order they appear."""
    with open_plain(source.path, source.name) as stream:
        rows = _rows(stream)
        first = list(islice(rows, ROWS_THAT_TELL_COLUMNS))
        columns = dict.fromkeys(
            key for _, row in first if not isinstance(row, RowError) for key in row
        )
        yield Table(source.name, tuple(columns), chain(first, rows), unit="line")


def _rows(stream: BinaryIO) -> Iterator[tuple[int, Row | RowError]]:
    skip_byte_order_mark(stream)
    decode = msgspec.json.Decoder().decode
    for number, line in enumerate(stream, start=1):
        if not line.strip():
            continue
        try:
            row = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            yield number, RowError(str(error))
            continue
        yield number, row if isinstance(row, dict) else RowError("not a JSON object")

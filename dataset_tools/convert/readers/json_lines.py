"""JSON Lines: an object a line; lines that hold none are errors in their row's place."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import msgspec

from dataset_tools.convert.readers.json_row import row_of_line, strings_of_row
from dataset_tools.convert.readers.text_encoding import as_utf8
from dataset_tools.convert.table import NumberedRows, ReadOptions, Row, Table, with_columns
from dataset_tools.lines import LineBatch, open_plain, read_batches
from dataset_tools.numpy_loading import numpy_module
from dataset_tools.sources import SourceFile

_decode = msgspec.json.Decoder().decode
_REFUSED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@contextmanager
def read(source: SourceFile, options: ReadOptions) -> Iterator[Table]:
    """Open the file; its columns are the keys of its first rows, in the order they appear.

    A line of invalid UTF-8 is an error in its row's place, as lint has it.
    """
    with (
        open_plain(source.path, source.name) as packed,
        as_utf8(packed, source.name, options.encoding, is_checked_later=True) as (stream, notes),
    ):
        yield Table(
            source.name,
            *with_columns(_rows(stream)),
            unit="line",
            notes=notes,
            bytes_read=stream.tell,
            size=os.fstat(stream.fileno()).st_size,
        )


def _rows(stream: BinaryIO) -> NumberedRows:
    for batch in read_batches(stream):
        rows = _sound_rows(batch)
        if rows is not None:
            yield from enumerate(rows, start=batch.first_number)
        else:
            for number, line in enumerate(batch.lines, start=batch.first_number):
                row = _sound_row(line) or row_of_line(number, line)
                if row is not None:
                    yield number, row


def _sound_rows(batch: LineBatch) -> list[Row] | None:
    """The rows of a batch whose lines are all objects, each with different keys; else None."""
    try:
        rows = list(map(_decode, batch.lines))
    except _REFUSED:
        return None
    if set(map(type, rows)) != {dict}:
        return None
    return rows if _count_quotes(batch.block) == 2 * sum(map(strings_of_row, rows)) else None


def _sound_row(line: bytes) -> Row | None:
    try:
        row = _decode(line)
    except _REFUSED:
        return None
    if type(row) is not dict:
        return None
    quotes = line.count(b'"') - line.count(b'\\"')
    return row if quotes == 2 * strings_of_row(row) else None


def _count_quotes(block: bytes) -> int:
    """How many quotes are not escaped, or fewer where a string ends with a backslash.

    A key that stands twice, of which the parser keeps the last, has quotes of its own.
    """
    numpy = numpy_module()
    array = numpy.frombuffer(block, numpy.uint8)
    is_quote = array == ord('"')
    quotes = int(numpy.count_nonzero(is_quote))
    if b"\\" in block:
        is_quote[1:] &= array[:-1] == ord("\\")
        quotes -= int(numpy.count_nonzero(is_quote[1:]))
    return quotes

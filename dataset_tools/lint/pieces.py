"""Pieces: a file cut into byte ranges that can be read and judged apart, by several processes.

A line belongs to the piece in which its first byte stands. All processes read through one open
file, at positions that they name, so that a file replaced meanwhile is still the same file.
"""

import os
from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO

from msgspec import Struct

from dataset_tools.lines import BATCH_BYTES, UTF8_BOM

PIECE_BYTES = 8 * 1024 * 1024
SMALL_PIECES = 8  # in place of the last whole one; what is left behind it is cut as small
_LINE_BYTES = 16 * 1024  # read beyond a block for the rest of its last line


class Piece(Struct, frozen=True):
    """A byte range of a file, `end` excluded."""

    start: int
    end: int


def cut(size: int, piece_bytes: int = PIECE_BYTES) -> list[Piece]:
    """The pieces of a file of `size` bytes; an empty file is one empty piece.

    The last ones are small, so that no process has long to wait for the others at the end.
    """
    if size <= piece_bytes:
        return [Piece(0, size)]
    small_bytes = max(piece_bytes // SMALL_PIECES, len(UTF8_BOM) + 1)  # a mark parts no line
    small_from = (size // piece_bytes - 1) * piece_bytes
    starts = [
        *range(0, small_from, piece_bytes),
        *range(small_from, size, small_bytes),
    ]
    return [Piece(start, end) for start, end in pairwise([*starts, size])]


def read_piece(
    stream: BinaryIO, piece: Piece, batch_bytes: int = BATCH_BYTES
) -> Iterator[tuple[int, bytes]]:
    """The lines that start in the piece, in blocks as those of `read_blocks`."""
    start = _first_line_start(stream.fileno(), piece)
    return read_blocks(stream, start, piece.end, batch_bytes)


def read_blocks(
    stream: BinaryIO, start: int, end: int, block_bytes: int = BATCH_BYTES
) -> Iterator[tuple[int, bytes]]:
    """The lines that start between two bytes, the first of which starts one.

    In blocks of whole lines, about `block_bytes` each, with the byte at which they start.
    """
    while start < end:
        block = _read_lines(stream.fileno(), start, min(block_bytes, end - start))
        if not block:
            return  # the file has become shorter; the checker tells
        yield start, block
        start += len(block)


def _read_lines(descriptor: int, start: int, wanted: int) -> bytes:
    """The lines that start in the `wanted` bytes from `start` on; less where the file ends."""
    # where the last line ends is looked up first: a copy without what follows would cost more
    tail = os.pread(descriptor, _LINE_BYTES, start + wanted - 1)
    data = os.pread(descriptor, wanted + max(tail.find(b"\n"), 0), start)
    if data.find(b"\n", wanted - 1) == len(data) - 1:
        return data
    parts = [data]
    length = len(data)
    while data:  # a line may be longer than many blocks
        data = os.pread(descriptor, max(length, _LINE_BYTES), start + length)
        # fewer bytes may have come than were asked for, so that the wanted ones end only here
        if end := data.find(b"\n", max(wanted - 1 - length, 0)) + 1:
            data = data[:end]
        parts.append(data)
        if end:
            break
        length += len(data)
    return b"".join(parts)


def _first_line_start(descriptor: int, piece: Piece) -> int:
    """The byte at which the piece's first line starts, its end if none does."""
    if piece.start == 0:
        return len(UTF8_BOM) if os.pread(descriptor, len(UTF8_BOM), 0) == UTF8_BOM else 0
    position = piece.start - 1
    while position < piece.end:  # a line may be longer than many pieces
        part = os.pread(descriptor, _LINE_BYTES, position)
        if end := part.find(b"\n") + 1:
            return position + end
        if not part:
            break
        position += len(part)
    return piece.end

"""Pieces: a file cut into byte ranges that can be read and judged apart, by several processes.

A line belongs to the piece in which its first byte stands. All processes read through one open
file, each at positions of its own, so that a file replaced meanwhile is still the same file.
"""

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from dataset_tools.lines import BATCH_BYTES, UTF8_BOM, LineBatch

PIECE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Piece:
    """A byte range of a file, `end` excluded."""

    start: int
    end: int


def cut(size: int, piece_bytes: int = PIECE_BYTES) -> list[Piece]:
    """The pieces of a file of `size` bytes; an empty file is one empty piece."""
    starts = range(0, max(size, 1), piece_bytes)
    return [Piece(start, min(start + piece_bytes, size)) for start in starts]


@dataclass(frozen=True, slots=True)
class PlacedBatch:
    """Consecutive lines and the byte at which the first of them starts."""

    start: int
    lines: LineBatch


def read_piece(
    stream: BinaryIO, piece: Piece, batch_bytes: int = BATCH_BYTES
) -> Iterator[PlacedBatch]:
    """The lines that start in the piece, numbered from 1, in batches of about `batch_bytes`."""
    start = _first_line_start(stream, piece)
    number = 1
    for position, lines in read_lines(stream, start, piece.end, batch_bytes):
        yield PlacedBatch(position, LineBatch(number, lines))
        number += len(lines)


def read_lines(
    stream: BinaryIO, start: int, end: int, batch_bytes: int = BATCH_BYTES
) -> Iterator[tuple[int, list[bytes]]]:
    """The lines that start between two bytes, the first of which starts one, and their places."""
    reader = _reader_at(stream, start)
    while start < end:
        # readlines goes on until there is more than it was asked for, and takes 0 for everything
        most = min(batch_bytes, end - start - 1)
        lines = reader.readlines(most) if most else [reader.readline()]
        if not any(lines):
            return  # the file has become shorter; the checker tells
        yield start, lines
        start += sum(map(len, lines))


def _first_line_start(stream: BinaryIO, piece: Piece) -> int:
    """The byte at which the piece's first line starts, its end if none does."""
    reader = _reader_at(stream, piece.start)
    if piece.start == 0:
        return len(UTF8_BOM) if reader.read(len(UTF8_BOM)) == UTF8_BOM else 0
    if os.pread(stream.fileno(), 1, piece.start - 1) == b"\n":
        return piece.start
    position = piece.start
    while position < piece.end:  # a line may be longer than many pieces
        part = reader.readline(BATCH_BYTES)
        position += len(part)
        if part.endswith(b"\n") or not part:
            break
    return position


def _reader_at(stream: BinaryIO, position: int) -> io.BufferedReader:
    return io.BufferedReader(_PositionedReader(stream.fileno(), position), BATCH_BYTES)


class _PositionedReader(io.RawIOBase):
    """Reads an open file from a position of its own, whatever others do with the file."""

    def __init__(self, descriptor: int, position: int) -> None:
        self.descriptor = descriptor
        self.position = position

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = os.preadv(self.descriptor, [buffer], self.position)
        self.position += count
        return count

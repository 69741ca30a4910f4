r"""Unified diffs of a file and its mended copy, in one pass and bounded memory.

Which lines are gone is known, and the others stand in the same order in both files. So nothing is
searched: lines are compared in pairs, and a file of any size takes linear time. A hunk that grows
long waits on the disk until its head, which tells its length, can be written.
"""

import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from dataset_tools.temporary_files import naming_their_folder

CONTEXT = 3  # lines around each change
_HELD_BYTES = 1024 * 1024  # of a hunk; more is written to a temporary file
_NO_FINAL_NEWLINE = b"\n\\ No newline at end of file\n"


def unified_diff(
    before: BinaryIO, after: BinaryIO, dropped: Iterable[int], names: tuple[str, str]
) -> Iterator[bytes]:
    """The lines of the diff, heads included, nothing where the files are equal or the same.

    `dropped` are the (ascending) numbers of the lines of `before` that `after` has no more.
    Yields lines of diff, each with its newline; a line of data that has none comes with the note
    that tells so.
    """
    if before is after:
        return
    before.seek(0)
    after.seek(0)
    is_first = True
    for hunk in _hunks(_pairs(before, after, iter(dropped))):
        if is_first:
            yield f"--- {names[0]}\n+++ {names[1]}\n".encode()
            is_first = False
        yield from hunk.lines()


def _pairs(
    before: BinaryIO, after: BinaryIO, dropped: Iterator[int]
) -> Iterator[tuple[bytes, bytes | None]]:
    """Each line of the old file, and what it is in the new one."""
    next_dropped = next(dropped, None)
    for number, old in enumerate(before, 1):
        if number == next_dropped:
            next_dropped = next(dropped, None)
            yield old, None
        else:
            yield old, after.readline() or None


class _Hunk:
    """A hunk that is being gathered; `starts` are the numbers of its first lines."""

    def __init__(self, starts: tuple[int, int], context: Iterable[bytes]) -> None:
        self.starts = starts
        self.lengths = [0, 0]
        self.body = tempfile.SpooledTemporaryFile(_HELD_BYTES)  # noqa: SIM115 - closed when it is read
        self.unchanged: list[bytes] = []  # lines since the last change, not in the body yet
        self.keep(context)

    def keep(self, lines: Iterable[bytes]) -> None:
        """Append unchanged lines."""
        for line in lines:
            self._add(b" ", line)

    def change(self, old: bytes, new: bytes | None) -> None:
        """Append a change, behind the unchanged lines before it."""
        self.keep(self.unchanged)
        self.unchanged = []
        self._add(b"-", old)
        if new is not None:
            self._add(b"+", new)

    def _add(self, sign: bytes, line: bytes) -> None:
        self.lengths[0] += sign != b"+"
        self.lengths[1] += sign != b"-"
        with naming_their_folder():
            self.body.write(sign + line + (b"" if line.endswith(b"\n") else _NO_FINAL_NEWLINE))

    def lines(self) -> Iterator[bytes]:
        """The hunk's head and lines; its body is gone afterwards."""
        self.keep(self.unchanged[:CONTEXT])
        old, new = (
            f"{start if length else start - 1},{length}"
            for start, length in zip(self.starts, self.lengths, strict=True)
        )
        yield f"@@ -{old} +{new} @@\n".encode()
        with self.body:
            with naming_their_folder():
                self.body.seek(0)
            yield from self.body


def _hunks(pairs: Iterator[tuple[bytes, bytes | None]]) -> Iterator[_Hunk]:
    context: deque[bytes] = deque(maxlen=CONTEXT)
    hunk: _Hunk | None = None
    new_number = 1
    for old_number, (old, new) in enumerate(pairs, 1):
        if new != old:
            if hunk is None:
                starts = old_number - len(context), new_number - len(context)
                hunk = _Hunk(starts, context)
            hunk.change(old, new)
            context.clear()
        else:
            context.append(old)
            if hunk is not None:
                hunk.unchanged.append(old)
                if len(hunk.unchanged) > 2 * CONTEXT:
                    yield hunk
                    hunk = None
        new_number += new is not None
    if hunk is not None:
        yield hunk

"""The line index: where any line of a file starts, told by counting newlines and parsing nothing.

Counts are kept for each block, 8 bytes for 256 KB of data. Counted with numpy, 1 GB in the page
cache takes 0.12 s on one core of 2024 (`bytes.count`, on CPython 3.11, 0.4 s).
"""

from array import array
from bisect import bisect_left
from typing import BinaryIO

from dataset_tools.lines import skip_byte_order_mark

BLOCK_BYTES = 256 * 1024  # fits the processor's second cache, which is three times as fast
_NEWLINE = ord("\n")


class LineIndex:
    """The lines of an open, uncompressed file; it is read no further than it is asked about."""

    def __init__(self, stream: BinaryIO, block_bytes: int = BLOCK_BYTES) -> None:
        self.stream = stream
        self.block_bytes = block_bytes
        skip_byte_order_mark(stream)
        self.first_byte = stream.tell()
        self.newlines = array("Q")  # up to the end of each block, in all
        self._end: int | None = None  # byte behind the last one, once it was reached
        self._ends_with_newline = True

    def count(self) -> int:
        """How many lines there are; one without a newline at the file's end counts."""
        while self._count_block():
            pass
        return (self.newlines[-1] if self.newlines else 0) + (not self._ends_with_newline)

    def start_of(self, number: int) -> int | None:
        """The byte at which a line (1-based) starts, or None beyond the last line."""
        if number == 1:
            return self.first_byte if self._has_bytes() else None
        wanted = number - 1  # newlines before the line
        while not self.newlines or self.newlines[-1] < wanted:
            if not self._count_block():
                return None
        block = bisect_left(self.newlines, wanted)
        before = self.newlines[block - 1] if block else 0
        start = self._block_start(block) + self._newline_at(block, wanted - before) + 1
        return start if self._has_bytes_at(start) else None

    def line(self, number: int) -> tuple[int, bytes] | None:
        """Start byte and content of a line, or None beyond the last one."""
        start = self.start_of(number)
        if start is None:
            return None
        self.stream.seek(start)
        return start, self.stream.readline()

    def _block_start(self, block: int) -> int:
        return self.first_byte + block * self.block_bytes

    def _count_block(self) -> bool:
        """Count the newlines of the block that follows; False at the file's end."""
        if self._end is not None:
            return False
        import numpy as np

        start = self._block_start(len(self.newlines))
        self.stream.seek(start)
        block = self.stream.read(self.block_bytes)
        if len(block) < self.block_bytes:
            self._end = start + len(block)
        if block:
            codes = np.frombuffer(block, np.uint8)
            before = self.newlines[-1] if self.newlines else 0
            self.newlines.append(before + int(np.count_nonzero(codes == _NEWLINE)))
            self._ends_with_newline = bool(codes[-1] == _NEWLINE)
        return bool(block)

    def _newline_at(self, block: int, which: int) -> int:
        """Where in a block its newline of this ordinal (1-based) stands."""
        import numpy as np

        self.stream.seek(self._block_start(block))
        codes = np.frombuffer(self.stream.read(self.block_bytes), np.uint8)
        return int(np.flatnonzero(codes == _NEWLINE)[which - 1])

    def _has_bytes(self) -> bool:
        return self._has_bytes_at(self.first_byte)

    def _has_bytes_at(self, position: int) -> bool:
        self.stream.seek(position)
        return bool(self.stream.read(1))

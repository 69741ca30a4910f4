"""Partitions: rows spread over temporary files by a key, to be looked through a file at a time."""

import os
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Any

from dataset_tools.temporary_files import temporary_file

if TYPE_CHECKING:
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

    Keys = NDArray[np.int64]
    Rows = NDArray[Any]

MOST_PARTITIONS = 256  # open at the same time; systems allow 1,024, or fewer; a byte tells them
_READ_BYTES = 1 << 30  # at once; the system gives no more than two of them


def partition_count(rows: int, at_once: int) -> int:
    """Over how many partitions to spread so many rows, of which some are to be held at once."""
    return min(rows // at_once + 1, MOST_PARTITIONS)


def parted(keys: "Keys", rows: "Rows", count: int) -> list[bytes]:
    """The rows of each of `count` partitions as bytes, in order; equal keys share a partition.

    The keys should be evenly spread over all integers.
    """
    import numpy as np

    if count == 1:
        return [rows.tobytes()]
    numbers = (keys % count).astype(np.uint8)
    ordered = rows[np.argsort(numbers, kind="stable")]
    ends = np.bincount(numbers, minlength=count).cumsum()
    return [part.tobytes() for part in np.split(ordered, ends[:-1])]


class Partitions:
    """What `parted` gives of one chunk after another, put together; a context manager.

    A single partition takes no file. Processes forked from one another can read at the same time.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._held: list[bytes] = []  # of a single partition
        self._files: list[IO[bytes]] = []
        self._open_files = ExitStack()

    def __enter__(self) -> "Partitions":
        if self.count > 1:
            for _ in range(self.count):
                self._files.append(self._open_files.enter_context(temporary_file()))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: "TracebackType | None",
    ) -> None:
        self._open_files.close()

    def add(self, parts: list[bytes]) -> None:
        """Append to each partition its part of a chunk."""
        if not self._files:
            self._held += parts
            return
        for file, part in zip(self._files, parts, strict=True):
            file.write(part)

    def complete(self) -> None:
        """To be called behind the last chunk, before partitions are read or a process is forked."""
        for file in self._files:
            file.flush()

    def read(self, number: int) -> bytes:
        """All rows of a partition, 0 for the first one, in the order in which they came."""
        if not self._files:
            return b"".join(self._held)
        parts: list[bytes] = []
        position = 0
        # at a position, since forked processes share the file's own
        while part := os.pread(self._files[number].fileno(), _READ_BYTES, position):
            parts.append(part)
            position += len(part)
        return b"".join(parts)

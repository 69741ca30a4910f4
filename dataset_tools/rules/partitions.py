"""Partitions: rows spread over temporary files by a key, to be looked through a file at a time."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Keys = NDArray[np.int64]
    Rows = NDArray[Any]

MOST_FILES = 256  # open at the same time; systems allow 1,024, or fewer; and a byte tells them


def in_partitions(chunks: Iterable[tuple["Keys", "Rows"]], count: int) -> Iterator["Rows"]:
    """All rows in `count` arrays (256 at most), those with the same key in the same one, in order.

    Each chunk is rows and as many keys, which should be evenly spread over all integers.
    """
    import numpy as np

    if count == 1:
        parts = [rows for _, rows in chunks]
        if parts:
            yield np.concatenate(parts)
        return
    import tempfile

    count = min(count, MOST_FILES)
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(count)]
        row_type = np.dtype(np.int64)
        for keys, chunk in chunks:
            numbers = (keys % count).astype(np.uint8)
            ordered = chunk[np.argsort(numbers, kind="stable")]
            ends = np.bincount(numbers, minlength=count).cumsum()
            for file, rows in zip(files, np.split(ordered, ends[:-1]), strict=True):
                file.write(rows.tobytes())
            row_type = chunk.dtype
        for file in files:
            file.seek(0)
            yield np.frombuffer(file.read(), row_type)

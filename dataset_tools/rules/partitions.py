"""Partitions: rows spread over temporary files by a key, to be looked through a file at a time."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Keys = NDArray[np.int64]
    Rows = NDArray[Any]

MOST_FILES = 256  # open at the same time; systems allow 1,024, or fewer


def in_partitions(chunks: Iterable[tuple["Keys", "Rows"]], count: int) -> Iterator["Rows"]:
    """All rows in `count` arrays (256 at most), those with the same key in the same one, in order.

    Each chunk is rows and as many keys, which should be evenly spread over all integers.
    """
    import tempfile

    import numpy as np

    if count == 1:
        rows = [rows for _, rows in chunks]
        if rows:
            yield np.concatenate(rows)
        return
    count = min(count, MOST_FILES)
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(count)]
        row_type = np.dtype(np.int64)
        for keys, chunk in chunks:
            numbers = keys % count
            for number, file in enumerate(files):
                file.write(chunk[numbers == number].tobytes())
            row_type = chunk.dtype
        for file in files:
            file.seek(0)
            yield np.frombuffer(file.read(), row_type)

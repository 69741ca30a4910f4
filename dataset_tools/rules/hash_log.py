"""The hash log: 64-bit hashes of all records of a file, to find those that come more than once.

A hash takes 8 bytes; beyond `HELD_ROWS` rows they lie in a temporary file, and are then looked
through in partitions of about that size, so that memory is bounded whatever the file's. Equal
hashes only make candidates: at a billion records two different ones share a hash with a chance of
2.7 %, so whoever reports them must compare the records.

Hashes are Python's own of strings and tuples, keyed anew in every program run: they are equal in
processes forked from one another, and mean nothing anywhere else.
"""

import tempfile
from array import array
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Hashes = NDArray[np.int64]

HELD_ROWS = 1_000_000
HASH_BYTES = 8


class HashLog:
    """Rows of one hash or more, in the order of the records."""

    def __init__(self, columns: int = 1) -> None:
        self.columns = columns
        self.held = array("q")  # row after row
        self.spilled: IO[bytes] | None = None
        self.spilled_rows = 0

    def __len__(self) -> int:
        return self.spilled_rows + len(self.held) // self.columns

    def add(self, *columns: Iterable[int]) -> None:
        """Append rows, given as columns of equal length."""
        if self.columns == 1:
            self.held.extend(columns[0])
            return
        lists = [list(column) for column in columns]
        rows = array("q", bytes(HASH_BYTES * self.columns * len(lists[0])))
        for index, values in enumerate(lists):
            rows[index :: self.columns] = array("q", values)
        self.held.extend(rows)

    def merge(self, later: "HashLog") -> None:
        """Append the rows of the piece that follows."""
        self.held.extend(later.held)
        if len(self.held) // self.columns > HELD_ROWS:
            # open as long as the log lives; the file has no name and ends with it
            self.spilled = self.spilled or tempfile.TemporaryFile()  # noqa: SIM115
            self.spilled_rows += len(self.held) // self.columns
            self.held.tofile(self.spilled)
            self.held = array("q")

    def chunks(self) -> Iterator["Hashes"]:
        """All rows in order, in arrays of shape (rows, columns) of bounded length."""
        import numpy as np

        if self.spilled is not None:
            self.spilled.seek(0)
            size = HELD_ROWS * self.columns * HASH_BYTES
            while data := self.spilled.read(size):
                yield np.frombuffer(data, np.int64).reshape(-1, self.columns)
        if self.held:
            yield np.frombuffer(self.held, np.int64).reshape(-1, self.columns)

    def repeated(self) -> "Hashes":
        """The hashes, sorted, that stand in the first column more than once."""
        import numpy as np

        found = [np.empty(0, np.int64)]
        for rows in self._partitions():
            ordered = np.sort(rows[:, 0])
            found.append(np.unique(ordered[1:][ordered[1:] == ordered[:-1]]))
        return np.sort(np.concatenate(found))

    def differing(self, repeated: "Hashes", but: Collection[int] = ()) -> "Hashes":
        """Those of the (sorted) hashes of the first column that have different second ones.

        The hashes in `but` are left out.
        """
        import numpy as np

        repeated = repeated[~np.isin(repeated, list(but))] if len(repeated) else repeated
        found = [np.empty(0, np.int64)]
        for rows in self._partitions():
            chosen = rows[_is_among(repeated, rows[:, 0])]
            ordered = chosen[np.argsort(chosen[:, 0])]
            same = ordered[1:, 0] == ordered[:-1, 0]
            differs = ordered[1:, 1] != ordered[:-1, 1]
            found.append(np.unique(ordered[1:, 0][same & differs]))
        return np.sort(np.concatenate(found))

    def ordinals_of(self, wanted: "Hashes") -> Iterator[int]:
        """The ordinals of the rows whose first hash is among the (sorted) wanted, ascending."""
        import numpy as np

        first = 0
        for rows in self.chunks():
            yield from (first + np.flatnonzero(_is_among(wanted, rows[:, 0]))).tolist()
            first += len(rows)

    def _partitions(self) -> Iterator["Hashes"]:
        """All rows, those of equal first hash in the same array."""
        import numpy as np

        if self.spilled is None:
            yield from self.chunks()
            return
        count = len(self) // HELD_ROWS + 1
        with ExitStack() as stack:
            files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(count)]
            for rows in self.chunks():
                numbers = rows[:, 0] % count
                for number, file in enumerate(files):
                    file.write(rows[numbers == number].tobytes())
            for file in files:
                file.seek(0)
                yield np.frombuffer(file.read(), np.int64).reshape(-1, self.columns)


def _is_among(wanted: "Hashes", hashes: "Hashes") -> "NDArray[np.bool_]":
    import numpy as np

    if not len(wanted):
        return np.zeros(len(hashes), np.bool_)
    places = np.searchsorted(wanted, hashes)
    places[places == len(wanted)] = 0
    is_among: NDArray[np.bool_] = wanted[places] == hashes
    return is_among

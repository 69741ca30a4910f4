"""The hash log: a 64-bit hash for each record of a file, to find those that come more than once.

A hash takes 8 bytes; beyond `HELD_HASHES` they lie in a temporary file, and beyond
`HASHES_AT_ONCE` are looked through in partitions. Hashes that differ spread evenly over them, about
`HASHES_AT_ONCE` to each up to 256 million records. Equal ones share a partition, however many: of a
billion records that are all alike, one partition holds 8 GB.
Equal hashes only make candidates: at a billion records two different ones share a hash with a
chance of 2.7 %, so whoever reports them must compare the records.

Hashes are Python's own of strings, keyed anew in every program run: they are equal in processes
forked from one another, and mean nothing anywhere else.
"""

import weakref
from collections.abc import Callable, Collection, Iterator
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from dataset_tools.rules.partitions import Partitions, parted, partition_count
from dataset_tools.temporary_files import temporary_file

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Hashes = NDArray[np.int64]

HELD_HASHES = 750_000
HASHES_AT_ONCE = 1_000_000  # of which the repeated ones are looked for in memory
HASH_BYTES = 8
_MIX = 0x9E3779B97F4A7C15 - 2**64  # an odd number, so that sums of products of hashes are hashes


def mixed(first: "Hashes", second: "Hashes") -> "Hashes":
    """One hash for each pair."""
    return first * _MIX + second


class RepeatedHashes(NamedTuple):
    """Hashes that stand in a log more than once, ascending, and how often."""

    hashes: "Hashes"
    counts: "NDArray[np.int64]"

    @property
    def total(self) -> int:
        """How many entries of the log they are."""
        return int(self.counts.sum())


class HashLog:
    """Hashes in the order of the records."""

    def __init__(self) -> None:
        self.held: list[bytes] = []  # parts of any length; one that grew would be copied
        self.held_count = 0
        self.spilled: IO[bytes] | None = None
        self.spilled_count = 0

    def __len__(self) -> int:
        return self.spilled_count + self.held_count

    def add(self, hashes: "Hashes") -> None:
        """Append hashes."""
        self.held.append(hashes.tobytes())
        self.held_count += len(hashes)
        self._spill_if_many()

    def merge(self, later: "HashLog") -> None:
        """Append the hashes of the piece that follows."""
        for hashes in later.chunks():  # 8 MB of the shortest lines are more than are held
            self.add(hashes)

    def __getstate__(self) -> dict[str, Any]:
        """What another process is sent: all hashes, since it cannot be sent a file."""
        held = self.held
        if self.spilled is not None:  # what no file was needed for is sent as it is, without NumPy
            held = [hashes.tobytes() for hashes in self.chunks()]
        return {"held": held, "held_count": len(self), "spilled": None, "spilled_count": 0}

    def _spill_if_many(self) -> None:
        if self.held_count > HELD_HASHES:
            self.spilled = self.spilled or _file_that_ends_with(self)
            self.spilled.writelines(self.held)
            self.spilled_count += self.held_count
            self.held, self.held_count = [], 0

    def chunks(self) -> Iterator["Hashes"]:
        """All hashes in order, in arrays of bounded length."""
        import numpy as np

        if self.spilled is not None:
            self.spilled.seek(0)
            while data := self.spilled.read(HELD_HASHES * HASH_BYTES):
                yield np.frombuffer(data, np.int64)
        if self.held_count:  # so that logs of equal length give equal chunks
            yield np.frombuffer(b"".join(self.held), np.int64)

    def repeated(self) -> RepeatedHashes:
        """The hashes that stand in the log more than once."""
        import numpy as np

        found = [np.unique(_surplus(hashes), return_counts=True) for hashes in self._partitions()]
        nothing = np.empty(0, np.int64)
        hashes = np.concatenate([nothing, *(hashes for hashes, _ in found)])
        counts = np.concatenate([nothing, *(surplus + 1 for _, surplus in found)])
        order = np.argsort(hashes)
        return RepeatedHashes(hashes[order], counts[order])

    def count_distinct(self) -> int:
        """How many different hashes the log holds; many equal ones take no memory."""
        return sum(len(_distinct(hashes)) for hashes in self._partitions(_distinct))

    def ordinals_of(self, wanted: "Hashes") -> "Iterator[NDArray[np.intp]]":
        """The ordinals of the records whose hash is among the (sorted) wanted, ascending.

        In arrays of bounded length.
        """
        import numpy as np

        first = 0
        for hashes in self.chunks():
            _, is_wanted = _places(wanted, hashes)
            yield first + np.flatnonzero(is_wanted)
            first += len(hashes)

    def _partitions(
        self, of_a_chunk: Callable[["Hashes"], "Hashes"] = lambda hashes: hashes
    ) -> Iterator["Hashes"]:
        """The hashes, all or those wanted of each chunk, equal ones in the same array."""
        import numpy as np

        chunks = map(of_a_chunk, self.chunks())
        if self.spilled is None:
            yield from chunks
            return
        with Partitions(partition_count(len(self), HASHES_AT_ONCE)) as partitions:
            for chunk in chunks:
                partitions.add(parted(chunk, chunk, partitions.count))
            partitions.complete()
            for number in range(partitions.count):
                yield np.frombuffer(partitions.read(number), np.int64)


def _file_that_ends_with(log: HashLog) -> IO[bytes]:
    """A file without a name, open as long as the log lives."""
    file = temporary_file()
    weakref.finalize(log, file.close)
    return file


def with_different(
    keys: HashLog, values: HashLog, repeated: RepeatedHashes, but: Collection[int] = ()
) -> RepeatedHashes:
    """Those of the repeated hashes of `keys` that stand beside different `values`.

    The hashes in `but` are left out.
    """
    import numpy as np

    wanted = repeated.hashes
    is_seen = np.zeros(len(wanted), np.bool_)
    differs = np.zeros(len(wanted), np.bool_)
    first_values = np.zeros(len(wanted), np.int64)
    for key_hashes, value_hashes in zip(keys.chunks(), values.chunks(), strict=True):
        places, is_wanted = _places(wanted, key_hashes)
        places, found = places[is_wanted], value_hashes[is_wanted]
        new, where = np.unique(places, return_index=True)
        unseen = ~is_seen[new]
        first_values[new[unseen]] = found[where[unseen]]
        is_seen[new] = True
        differs[places[found != first_values[places]]] = True
    differs &= ~np.isin(wanted, list(but))
    return RepeatedHashes(wanted[differs], repeated.counts[differs])


def _surplus(hashes: "Hashes") -> "Hashes":
    """Of these all that equal another one but for the first of each kind."""
    import numpy as np

    ordered = np.sort(hashes)
    surplus: Hashes = ordered[1:][ordered[1:] == ordered[:-1]]
    return surplus


def _distinct(hashes: "Hashes") -> "Hashes":
    """The different hashes among these, sorted."""
    import numpy as np

    ordered = np.sort(hashes)
    is_first = np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]
    return ordered.compress(is_first)


def _places(wanted: "Hashes", hashes: "Hashes") -> "tuple[NDArray[np.intp], NDArray[np.bool_]]":
    """Where among the (sorted) wanted each hash stands, and whether it is one of them."""
    import numpy as np

    places = np.zeros(len(hashes), np.intp)
    if not len(wanted):
        return places, places != 0
    order = np.argsort(hashes)  # neighbours are searched for in the same corner of memory
    places[order] = np.searchsorted(wanted, hashes[order])
    places[places == len(wanted)] = 0
    return places, wanted[places] == hashes

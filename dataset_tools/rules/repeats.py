"""Repeats: pairs of a record and the first of its kind, confirmed by what the records say.

Equal 64-bit hashes make candidates; a second reading compares 128-bit digests of their texts,
which no two different records of any data set will ever share.
"""

from array import array
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, overload

from dataset_tools.records import Record
from dataset_tools.rules.hash_log import HashLog
from dataset_tools.rules.rule import Problem, RecordLookup

if TYPE_CHECKING:
    from dataset_tools.rules.hash_log import Hashes

DIGEST_BYTES = 16
GROUPS_A_PASS = 500_000  # kinds of candidates held in memory at once


# The kind of a record, and what may differ within it, where anything may. A record with an empty
# kind is like no other. A plain tuple, since processes send each other many.
Identity = tuple[bytes, bytes]


class Repeats(Sequence[Problem]):
    """A problem for each record that is of the same kind as an earlier one, in file order."""

    def __init__(self, message: str) -> None:
        self.message = message  # with {first} for the line of the first
        self.pairs = array("Q")  # line, first line, line, first line …
        self.contents = bytearray()  # DIGEST_BYTES for each pair

    def add(self, line: int, first: int, kind: bytes, other: bytes) -> None:
        """Append a record; `first` is the line of the first of its kind."""
        half = DIGEST_BYTES // 2
        self.pairs.extend((line, first))
        self.contents += kind[:half] + other[:half] if other else kind

    def sort(self) -> None:
        """Put the problems into file order."""
        import numpy as np

        pairs = np.frombuffer(self.pairs, np.uint64).reshape(-1, 2)
        contents = np.frombuffer(self.contents, np.uint8).reshape(-1, DIGEST_BYTES)
        order = np.argsort(pairs[:, 0])
        self.pairs = array("Q", pairs[order].tobytes())
        self.contents = bytearray(contents[order].tobytes())

    def __len__(self) -> int:
        return len(self.pairs) // 2

    @overload
    def __getitem__(self, index: int) -> Problem: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Problem]: ...
    def __getitem__(self, index: int | slice) -> Problem | Sequence[Problem]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        line, first = self.pairs[2 * index : 2 * index + 2]
        content = self.contents[DIGEST_BYTES * index : DIGEST_BYTES * (index + 1)]
        return Problem(self.message.format(first=first), line=line, content=content.hex())


def digest(first: str, second: str = "") -> bytes:
    """128 bits that tell this pair of texts from all others."""
    pair = f"{len(first)}:{first}{second}"
    return blake2b(pair.encode(), digest_size=DIGEST_BYTES).digest()


def find_repeats(
    records: RecordLookup,
    hashes: HashLog,
    candidates: "Hashes",
    identity: Callable[[Record], Identity],
    message: str,
) -> Repeats:
    """The records that are of the same kind as an earlier one.

    With something else in their identity, they count only where it differs from the first one's.
    """
    repeats = Repeats(message)
    for start in range(0, len(candidates), GROUPS_A_PASS):
        ordinals = hashes.ordinals_of(candidates[start : start + GROUPS_A_PASS])
        firsts: dict[bytes, tuple[int, bytes]] = {}
        for line, (kind, other) in records.map_at(ordinals, identity):
            if not kind:
                continue
            first, first_other = firsts.setdefault(kind, (line, other))
            if first != line and (not other or other != first_other):
                repeats.add(line, first, kind, other)
    if len(candidates) > GROUPS_A_PASS:
        repeats.sort()
    return repeats

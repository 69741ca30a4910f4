"""Repeats: pairs of a record and the first of its kind, confirmed by what the records say.

Equal 64-bit hashes make candidates; a second reading compares 128-bit digests of their texts,
which no two different records of any data set will ever share.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from struct import Struct
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from dataset_tools.parsing import RecordBatch
from dataset_tools.rules.edits import Edit
from dataset_tools.rules.hash_log import HashLog
from dataset_tools.rules.rule import Problem, RecordLookup

if TYPE_CHECKING:
    from dataset_tools.rules.hash_log import Hashes

DIGEST_BYTES = 16
_TWO_HASHES = Struct("=qq")
GROUPS_A_PASS = 500_000  # kinds of candidates held in memory at once


class Identities(NamedTuple):
    """The kind of each record, and what may differ within it; no such list where nothing may.

    A record with an empty kind is like no other.
    """

    kinds: list[bytes]
    others: list[bytes]


Digest = Callable[[str, str], bytes]
Identify = Callable[[Digest, RecordBatch, list[int]], Identities]


class Repeat(NamedTuple):
    """A record that is of the same kind as an earlier one."""

    line: int
    first_line: int  # of the first of its kind
    kind: bytes
    other: bytes
    first_other: bytes  # of the first of its kind


class Repeats(Sequence[Problem]):
    """A problem for each record that is of the same kind as an earlier one, in file order.

    What content they tell means something only if `records.wants_contents`.
    """

    def __init__(self, message: str, edit: Edit | None = None) -> None:
        self.message = message  # with {first} for the line of the first
        self.edit = edit  # of those that are added as mendable
        self.is_mendable = bytearray()  # a byte for each pair
        self.pairs = array("Q")  # line, first line, line, first line …
        self.contents = bytearray()  # DIGEST_BYTES for each pair

    def add(self, repeat: Repeat, content: bytes, *, is_mendable: bool = False) -> None:
        """Append a record; DIGEST_BYTES of content make the problem the same in another place."""
        self.pairs.extend((repeat.line, repeat.first_line))
        self.contents += content
        self.is_mendable.append(is_mendable)

    def sort(self) -> None:
        """Put the problems into file order."""
        import numpy as np

        pairs = np.frombuffer(self.pairs, np.uint64).reshape(-1, 2)
        contents = np.frombuffer(self.contents, np.uint8).reshape(-1, DIGEST_BYTES)
        order = np.argsort(pairs[:, 0])
        self.pairs = array("Q", pairs[order].tobytes())
        self.contents = bytearray(contents[order].tobytes())
        is_mendable = np.frombuffer(self.is_mendable, np.uint8)
        self.is_mendable = bytearray(is_mendable[order].tobytes())

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
        message = self.message.format(first=first)
        edit = self.edit if self.is_mendable[index] else None
        return Problem(message, line=line, content=content.hex(), edit=edit)


def digest(first: str, second: str = "") -> bytes:
    """128 bits that tell this pair of texts from all others."""
    pair = f"{len(first)}:{first}{second}"
    hashed: bytes = _blake2b()(pair.encode(), digest_size=DIGEST_BYTES).digest()
    return hashed


def passing_digest(first: str, second: str = "") -> bytes:
    """128 bits likewise, in half the time; equal in processes forked from one another only."""
    return _TWO_HASHES.pack(hash((first, second)), hash(f"{second}\0{first}"))


@cache
def _blake2b() -> Any:
    """Late, since hashlib brings OpenSSL, which most files need not wait for."""
    from hashlib import blake2b

    return blake2b


def each_repeat(
    records: RecordLookup,
    hashes: HashLog,
    candidates: "Hashes",
    identify: Identify,
) -> Iterator[Repeat]:
    """The records that are of the same kind as an earlier one.

    In file order among each GROUPS_A_PASS candidates.
    """
    identify_here = partial(identify, digest if records.wants_contents else passing_digest)
    for start in range(0, len(candidates), GROUPS_A_PASS):
        ordinals = hashes.ordinals_of(candidates[start : start + GROUPS_A_PASS])
        firsts: dict[bytes, tuple[int, bytes]] = {}
        for lines, (kinds, others) in records.map_batches(ordinals, identify_here):
            for line, kind, other in zip(lines, kinds, others or [b""] * len(kinds), strict=True):
                if not kind:
                    continue
                first, first_other = firsts.setdefault(kind, (line, other))
                if first != line:
                    yield Repeat(line, first, kind, other, first_other)


def find_repeats(
    records: RecordLookup,
    hashes: HashLog,
    candidates: "Hashes",
    identify: Identify,
    message: str,
) -> Repeats:
    """The records that are of the same kind as an earlier one.

    With something else in their identity, they count only where it differs from the first one's.
    """
    repeats = Repeats(message)
    half = DIGEST_BYTES // 2
    for repeat in each_repeat(records, hashes, candidates, identify):
        if not repeat.other:
            repeats.add(repeat, repeat.kind)
        elif repeat.other != repeat.first_other:
            repeats.add(repeat, repeat.kind[:half] + repeat.other[:half])
    if len(candidates) > GROUPS_A_PASS:
        repeats.sort()
    return repeats

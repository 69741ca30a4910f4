"""Packing: which sequences share a chunk of `chunk_size` tokens.

A pack is a list of spans, each of one sequence. Two ways to make them:

    best fit     whole sequences, the longest first, each into the fullest pack that has room for it
                 (best-fit decreasing; Johnson et al., SIAM J. Comput. 3(4), 1974: at most 11/9 of
                 the fewest packs possible, and 4 more)
    wrapped      all sequences in their order as one stream, cut every `chunk_size` tokens; the last
                 pack is what is left

Neither loses a token. Where the trainer packs, the spans of a pack never see one another.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

Packing = Literal["none", "best_fit", "wrapped"]


class Span(NamedTuple):
    """The tokens `start` to `stop` (exclusive) of the sequence with this index."""

    sequence: int
    start: int
    stop: int


Pack = list[Span]


def best_fit(lengths: Sequence[int], chunk_size: int) -> list[Pack]:
    """Packs of whole sequences; raises ValueError where one is longer than `chunk_size`."""
    packs: list[Pack] = []
    packs_with_room: list[list[int]] = [[] for _ in range(chunk_size + 1)]  # by tokens of room
    rooms = 0  # bit r is set where some pack has room for exactly r tokens
    for sequence in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        length = lengths[sequence]
        if length > chunk_size:
            raise ValueError(f"sequence {sequence}: {length} tokens in chunks of {chunk_size}")
        enough = rooms >> length << length
        if enough:
            room = (enough & -enough).bit_length() - 1
            pack = packs_with_room[room].pop()
            if not packs_with_room[room]:
                rooms ^= 1 << room
        else:
            room, pack = chunk_size, len(packs)
            packs.append([])
        packs[pack].append(Span(sequence, 0, length))
        packs_with_room[room - length].append(pack)
        rooms |= 1 << (room - length)
    return packs


def best_fit_count(sequences: Mapping[int, int], chunk_size: int) -> int:
    """How many packs `best_fit` makes of so many sequences of each length, without making them.

    Equal lengths are placed at once: the fullest pack with room takes as many of them as it can
    hold, since what is left of its room is the least there is. Raises ValueError as `best_fit`.
    """
    packs = 0
    packs_with_room: Counter[int] = Counter()  # by tokens of room
    rooms = 0  # bit r is set where there are any with room for exactly r tokens
    for length, left in sorted(sequences.items(), reverse=True):
        if length > chunk_size:
            raise ValueError(f"a sequence of {length} tokens in chunks of {chunk_size}")
        while left:
            enough = rooms >> length << length
            if enough:
                room = (enough & -enough).bit_length() - 1
                alike = packs_with_room.pop(room)
                rooms ^= 1 << room
            else:
                room = chunk_size
                alike = -(-left // (room // length))
                packs += alike
            most = room // length  # sequences that each of these packs can take
            full, rest = divmod(min(left, alike * most), most)
            left -= full * most + rest
            begun = int(rest > 0)
            for count, taken in ((full, most), (begun, rest), (alike - full - begun, 0)):
                if count:
                    packs_with_room[room - taken * length] += count
                    rooms |= 1 << (room - taken * length)
    return packs


def wrapped(lengths: Iterable[int], chunk_size: int) -> list[Pack]:
    """Packs of exactly `chunk_size` tokens, but for the last one."""
    packs: list[Pack] = []
    room = 0
    for sequence, length in enumerate(lengths):
        start = 0
        while start < length:
            if room == 0:
                packs.append([])
                room = chunk_size
            stop = min(length, start + room)
            packs[-1].append(Span(sequence, start, stop))
            room -= stop - start
            start = stop
    return packs


PACKERS: dict[Packing, Callable[[Sequence[int], int], list[Pack]]] = {
    "best_fit": best_fit,
    "wrapped": wrapped,
}


def density(lengths: Iterable[int], packs: int, chunk_size: int) -> float:
    """The share of the packs' room that holds tokens, from 0 to 1."""
    return sum(lengths) / (packs * chunk_size) if packs else 0.0

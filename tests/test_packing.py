"""Packs hold every token once, and few packs hold them."""

from collections import Counter
from itertools import chain
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_tools.packing import PACKERS, Pack, Packing, best_fit, best_fit_count, density, wrapped

CHUNK_SIZE = 32
lengths_lists = st.lists(st.integers(1, CHUNK_SIZE), max_size=60)


def size(pack: Pack) -> int:
    return sum(span.stop - span.start for span in pack)


def first_fit(lengths: list[int], chunk_size: int) -> int:
    """How many packs come of putting each sequence, as they come, into the first with room."""
    rooms: list[int] = []
    for length in lengths:
        for index, room in enumerate(rooms):
            if room >= length:
                rooms[index] -= length
                break
        else:
            rooms.append(chunk_size - length)
    return len(rooms)


@pytest.mark.parametrize("packing", PACKERS)
@given(lengths=st.lists(st.integers(1, CHUNK_SIZE), max_size=60))
def test_every_token_is_in_one_pack(packing: Packing, lengths: list[int]) -> None:
    """Every token of every sequence appears exactly once, a sequence's own in their order."""
    packs = PACKERS[packing](lengths, CHUNK_SIZE)

    tokens = [
        (span.sequence, token)
        for pack in packs
        for span in pack
        for token in range(span.start, span.stop)
    ]
    expected = [(index, token) for index, length in enumerate(lengths) for token in range(length)]
    assert sorted(tokens) == expected
    for index, length in enumerate(lengths):
        assert [token for sequence, token in tokens if sequence == index] == list(range(length))
    assert all(0 < size(pack) <= CHUNK_SIZE for pack in packs)


@given(lengths=lengths_lists)
def test_best_fit_cuts_nothing_and_needs_no_more_than_first_fit_decreasing(
    lengths: list[int],
) -> None:
    """Sequences stay whole, and a pack has no room for a sequence that opened a later one."""
    packs = best_fit(lengths, CHUNK_SIZE)

    assert all(span == (span.sequence, 0, lengths[span.sequence]) for span in chain(*packs))
    for index, pack in enumerate(packs):
        opened_later = [later[0].stop for later in packs[index + 1 :]]
        assert all(size(pack) + length > CHUNK_SIZE for length in opened_later)


@given(lengths=st.lists(st.integers(1, 3 * CHUNK_SIZE), max_size=60))
def test_wrapped_packs_are_full_but_for_the_last(lengths: list[int]) -> None:
    """All packs but the last hold `chunk_size` tokens, in the order of the sequences."""
    packs = wrapped(lengths, CHUNK_SIZE)

    assert all(size(pack) == CHUNK_SIZE for pack in packs[:-1])
    assert sum(map(size, packs)) == sum(lengths)
    spans = list(chain(*packs))
    assert spans == sorted(spans)


@given(lengths=st.lists(st.integers(1, CHUNK_SIZE), min_size=1, max_size=60))
def test_density_is_the_share_of_tokens(lengths: list[int]) -> None:
    """Best fit is at least half full, which no packing that leaves room unused would promise."""
    packs = best_fit(lengths, CHUNK_SIZE)
    share = density(lengths, len(packs), CHUNK_SIZE)

    assert share <= 1
    if len(packs) > 1:
        assert share > 0.5


CHUNK_2048 = 2048


def dialogue_lengths() -> list[int]:
    """200 lengths from 34 to 793 tokens that sum to 40,789, most of them short."""
    random = Random(0)
    lengths = [34, 793] + [
        min(793, max(34, round(random.lognormvariate(5.08, 0.6)))) for _ in range(198)
    ]
    index = 2
    while missing := 40_789 - sum(lengths):
        step = 1 if missing > 0 else -1
        if 34 <= lengths[index] + step <= 793:
            lengths[index] += step
        index = 2 + (index - 1) % 198
    return lengths


def test_dialogues_fill_twenty_packs() -> None:
    """Best fit reaches the fewest packs that 40,789 tokens can fill; packing in order does not."""
    lengths = dialogue_lengths()

    assert len(best_fit(lengths, CHUNK_2048)) == 20 == -(-sum(lengths) // CHUNK_2048)
    assert first_fit(lengths, CHUNK_2048) > 20


def test_wrapped_dialogues_leave_a_tail() -> None:
    """As one stream the same tokens are 19 full packs and one of 1,877 tokens."""
    sizes = [size(pack) for pack in wrapped(dialogue_lengths(), CHUNK_2048)]

    assert sizes == [CHUNK_2048] * 19 + [1_877]


def test_a_sequence_longer_than_a_chunk_is_refused() -> None:
    """Best fit never cuts, so what does not fit is an error of the caller."""
    with pytest.raises(ValueError, match="sequence 1: 33 tokens in chunks of 32"):
        best_fit([5, 33], CHUNK_SIZE)


def test_nothing_makes_no_packs() -> None:
    """No sequences, no packs, and no division by them."""
    assert best_fit([], CHUNK_SIZE) == wrapped([], CHUNK_SIZE) == []
    assert density([], 0, CHUNK_SIZE) == 0.0


@given(lengths=st.lists(st.integers(1, CHUNK_SIZE)), chunk_size=st.integers(CHUNK_SIZE, 80))
def test_packs_are_counted_without_making_them(lengths: list[int], chunk_size: int) -> None:
    """From how many sequences have each length follows how many packs best fit makes."""
    assert len(best_fit(lengths, chunk_size)) == best_fit_count(Counter(lengths), chunk_size)


def test_packs_of_too_long_sequences_are_not_counted() -> None:
    """A sequence longer than a chunk is refused, as when packs are made."""
    with pytest.raises(ValueError, match="a sequence of 5 tokens in chunks of 4"):
        best_fit_count({5: 1}, 4)

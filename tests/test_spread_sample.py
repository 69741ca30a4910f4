"""The sample of rows: of each source its share, however the sources take turns."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from dataset_tools.spread_sample import spread_sample


@given(st.integers(0, 5000), st.integers(1, 1000))
def test_a_sample_is_of_rows_that_are_there(count: int, most: int) -> None:
    """Ascending, none twice, as many as are asked for where there are as many."""
    sample = spread_sample(count, most)

    assert list(sample) == sorted(set(sample))
    assert len(sample) == min(count, most)
    assert set(sample) <= set(range(count))


@given(st.integers(1000, 30_000), st.integers(2, 60))
def test_sources_that_take_turns_have_their_shares(count: int, sources: int) -> None:
    """No source is left out, and none gets twice what is its own, whatever the file's length."""
    sample = spread_sample(count, 1000)

    drawn = Counter(index * sources // count for index in sample)
    in_turn = Counter(index % sources for index in sample)

    for shares in (drawn, in_turn):
        assert len(shares) == sources
        assert max(shares.values()) < 2.5 * 1000 / sources

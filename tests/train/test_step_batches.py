"""Steps hold the same rows however they are divided."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

FILLER = -1


def epoch_of_batches(
    rows: int, *, micro: int, accumulated: int, processes: int, epoch: int = 0
) -> list[list[int]]:
    from axolotl_replicate.batches.step_batches import EpochOrder, StepBatches

    batches = StepBatches(
        EpochOrder(rows, 42, lambda: epoch, shuffled=True),
        step_rows=micro * accumulated * processes,
        micro_batch_rows=micro,
        processes=processes,
        filler=FILLER,
    )
    listed = list(batches)
    assert len(batches) == len(listed)
    return listed


@given(
    rows=st.integers(1, 70),
    micro=st.integers(1, 5),
    accumulated=st.integers(1, 4),
    processes=st.integers(1, 4),
)
def test_every_row_is_trained_once_an_epoch(
    rows: int, micro: int, accumulated: int, processes: int
) -> None:
    """No row is dropped or repeated, and all processes get as many batches of the same size."""
    batches = epoch_of_batches(rows, micro=micro, accumulated=accumulated, processes=processes)

    trained = [row for batch in batches for row in batch if row != FILLER]
    assert sorted(trained) == list(range(rows))
    assert len(batches) % processes == 0
    assert all(1 <= len(batch) <= micro for batch in batches)
    assert all(batch == [FILLER] for batch in batches if FILLER in batch)


@given(
    rows=st.integers(1, 70), split=st.sampled_from([(1, 12, 1), (3, 4, 1), (2, 3, 2), (4, 1, 3)])
)
def test_a_step_holds_the_same_rows_however_divided(rows: int, split: tuple[int, int, int]) -> None:
    """Twelve rows a step, in the same order, whatever the micro-batches and processes."""
    micro, accumulated, processes = split
    whole = epoch_of_batches(rows, micro=12, accumulated=1, processes=1)

    batches = epoch_of_batches(rows, micro=micro, accumulated=accumulated, processes=processes)

    step_batches = accumulated * processes
    steps = [
        [row for row in chain(*batches[start : start + step_batches]) if row != FILLER]
        for start in range(0, len(batches), step_batches)
    ]
    assert whole == steps


def test_epochs_have_orders_of_their_own() -> None:
    """The order changes with the epoch, and an epoch's order is always the same."""
    orders = [
        epoch_of_batches(20, micro=20, accumulated=1, processes=1, epoch=epoch)
        for epoch in (0, 1, 0)
    ]

    assert orders[0] != orders[1]
    assert orders[0] == orders[2]


def test_the_order_is_the_one_that_transformers_draws() -> None:
    """The first epoch's order is that of accelerate's seeded sampler for the same seed."""
    from accelerate.data_loader import SeedableRandomSampler

    stock = list(SeedableRandomSampler(range(20), data_seed=42))

    assert stock == epoch_of_batches(20, micro=20, accumulated=1, processes=1)[0]


def test_packs_are_rows_or_joined() -> None:
    """Axolotl's collators take a micro-batch of packs as rows of packs, or as one row of all."""
    from axolotl_replicate.batches.step_batches import EpochOrder, PackBatches, StepBatches

    batches = StepBatches(
        EpochOrder(3, 0, lambda: 0, shuffled=False),
        step_rows=2,
        micro_batch_rows=2,
        processes=1,
        filler=FILLER,
    )

    assert list(PackBatches(batches, joined=False)) == [[[0], [1]], [[2]]]
    assert list(PackBatches(batches, joined=True)) == [[[0, 1]], [[2]]]

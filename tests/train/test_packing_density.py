"""Our packs are at least as dense as Axolotl's own on the same lengths."""

from random import Random

import pytest

from dataset_tools.packing import best_fit

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

CHUNK_SIZE = 2048


def axolotls_packs(lengths: list[int], seed: int) -> int:
    """How many packs of `CHUNK_SIZE` tokens Axolotl's sampler makes of the lengths, shuffled."""
    from axolotl.utils.samplers import MultipackBatchSampler

    order = list(range(len(lengths)))
    Random(seed).shuffle(order)
    sampler = MultipackBatchSampler(
        order,
        batch_size=1,
        batch_max_len=CHUNK_SIZE,
        lengths=lengths,
        bin_size=CHUNK_SIZE,
        num_processes=1,
        drop_last=False,
    )
    return len(sampler.generate_batches())


@pytest.mark.parametrize(
    ("shortest", "longest", "skew"),
    [(34, 793, 3), (10, 2048, 1), (600, 1200, 1), (1, 60, 2)],
    ids=["dialogues", "of all lengths", "about half a pack", "short"],
)
def test_best_fit_makes_no_more_packs_than_axolotl(shortest: int, longest: int, skew: int) -> None:
    """Over several sets and orders, no order lets Axolotl's sampler do with fewer packs."""
    for seed in range(5):
        random = Random(seed)
        lengths = [
            shortest + round((longest - shortest) * random.random() ** skew) for _ in range(500)
        ]

        assert len(best_fit(lengths, CHUNK_SIZE)) <= axolotls_packs(lengths, seed)

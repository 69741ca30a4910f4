"""Padding: how many tokens of unpacked batches are none.

The sequences of a micro-batch are padded to the longest of them, rounded up as Axolotl does. Epochs
are random permutations, so what is told is the expected share, exactly: among n sequences of which
k are no longer than L, a micro-batch of m has no longer one with the probability
k/n · (k-1)/(n-1) · … · (k-m+1)/(n-m+1).
"""

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from dataset_tools.stats.length_counts import LengthCounts
from dataset_tools.stats.settings import StepSettings
from dataset_tools.steps import micro_batch_sizes

if TYPE_CHECKING:
    from dataset_tools.stats.length_counts import Integers


def expected_row_tokens(lengths: LengthCounts, steps: StepSettings) -> float:
    """The expected number of tokens, padding included, that an epoch's unpacked batches have."""
    values, counts = lengths.distribution()
    rows = int(counts.sum())
    padded = -(-values // steps.padding_multiple) * steps.padding_multiple
    full_steps, rest = divmod(rows, steps.step_rows)
    batches: Counter[int] = Counter()  # by rows
    for step_rows, how_many in ((steps.step_rows, full_steps), (rest, int(rest > 0))):
        for size in micro_batch_sizes(step_rows, steps.micro_batch_rows):
            batches[size] += how_many
    return sum(
        number * size * _expected_longest(padded, counts, size)
        for size, number in sorted(batches.items())
        if number
    )


def _expected_longest(lengths: "Integers", counts: "Integers", size: int) -> float:
    """The expected length of the longest of `size` sequences drawn without putting any back."""
    no_longer = np.cumsum(counts).astype(np.float64)
    chance = np.ones(len(lengths))  # that all drawn are no longer
    for drawn in range(size):
        chance *= np.maximum(no_longer - drawn, 0) / (no_longer[-1] - drawn)
    return float(lengths @ np.diff(chance, prepend=0.0))

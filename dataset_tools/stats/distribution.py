"""Percentiles and histograms of lengths, exact."""

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from dataset_tools.stats.length_counts import LengthCounts

if TYPE_CHECKING:
    from dataset_tools.stats.length_counts import Integers

PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
_MOST_BINS = 10  # of equal width
_USUAL = 99  # percent of the lengths that those bins cover
_FAR_OUT = 5  # times p75, from which on lengths are not among them in any case


@dataclass(frozen=True, slots=True)
class Bin:
    """How many texts have a length from `start` on and below `end`."""

    start: int
    end: int
    count: int


@dataclass(frozen=True, slots=True)
class Distribution:
    """Lengths of texts: the percentiles are nearest-rank ones, so each is a length that occurs."""

    minimum: int
    percentiles: dict[int, int]  # by percent
    maximum: int
    mean: float
    histogram: tuple[Bin, ...]


def distribution_of(lengths: LengthCounts) -> Distribution | None:
    """The distribution, or None where no text was counted."""
    values, counts = lengths.distribution()
    if not len(values):
        return None
    ranks = np.cumsum(counts)
    texts = int(ranks[-1])
    percentiles = {
        # the least length that so many percent of the texts do not exceed
        percent: int(values[np.searchsorted(ranks, -(-percent * texts // 100))])
        for percent in PERCENTILES
    }
    return Distribution(
        minimum=int(values[0]),
        percentiles=percentiles,
        maximum=int(values[-1]),
        mean=lengths.total / texts,
        histogram=_histogram(values, counts, min(percentiles[_USUAL], _FAR_OUT * percentiles[75])),
    )


def _histogram(values: "Integers", counts: "Integers", usual: int) -> tuple[Bin, ...]:
    """Bins of equal, round width up to what is usual, and one for the few that are longer."""
    least, most = int(values[0]), int(values[-1])
    width = next(each for each in _round_numbers() if usual // each - least // each < _MOST_BINS)
    edges = list(range(least // width * width, (usual // width + 2) * width, width))
    if most >= edges[-1]:
        edges.append(max(most + 1, edges[-1] + width))
    places = np.searchsorted(values, edges)
    return tuple(
        Bin(start, end, int(counts[first:stop].sum()))
        for start, end, first, stop in zip(edges, edges[1:], places, places[1:], strict=False)
    )


def _round_numbers() -> "count[int]":
    """1, 2, 5, 10, 20, 50 …, without end."""
    return (digit * 10**zeros for zeros in count() for digit in (1, 2, 5))  # type: ignore[return-value]

"""Length counts: how many texts have each length, from which every percentile follows exactly.

Lengths below `DENSE_LENGTHS` are counted in an array, longer ones in a dictionary. Memory is
bounded by the square root of the data: d different lengths take d²/2 characters or tokens at
least, so a terabyte has fewer than 1.5 million.
"""

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

DENSE_LENGTHS = 16_384


class LengthCounts:
    """Texts by their length; counts of parts add up to those of the whole, whatever the parts."""

    def __init__(self) -> None:
        self.dense: Integers = np.zeros(0, np.int64)  # by length, up to the longest seen
        self.beyond: Counter[int] = Counter()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LengthCounts) and self.as_dict() == other.as_dict()

    __hash__ = None  # type: ignore[assignment]  # counts change

    def add(self, lengths: "Integers") -> None:
        """Count texts of these lengths, each 0 or more."""
        is_dense = lengths < DENSE_LENGTHS
        if not is_dense.all():
            self.beyond.update(lengths[~is_dense].tolist())
            lengths = lengths[is_dense]
        self._add_dense(np.bincount(lengths))

    def merge(self, later: "LengthCounts") -> None:
        """Count the texts of another part as well."""
        self._add_dense(later.dense)
        self.beyond.update(later.beyond)

    def remove(self, part: "LengthCounts") -> None:
        """Leave out texts that were counted before."""
        self.dense[: len(part.dense)] -= part.dense
        self.beyond.subtract(part.beyond)

    def as_dict(self) -> dict[int, int]:
        """How many texts there are by length, ascending, without lengths that none has."""
        lengths, counts = self.distribution()
        return dict(zip(lengths.tolist(), counts.tolist(), strict=True))

    def distribution(self) -> "tuple[Integers, Integers]":
        """The lengths that occur, ascending, and how many texts have each."""
        short = self.dense.nonzero()[0]
        long = sorted((length, count) for length, count in self.beyond.items() if count)
        lengths = np.concatenate([short, np.array([length for length, _ in long], np.int64)])
        counts = np.concatenate([self.dense[short], np.array([n for _, n in long], np.int64)])
        return lengths, counts

    @property
    def texts(self) -> int:
        """How many texts were counted."""
        return int(self.dense.sum()) + self.beyond.total()

    @property
    def total(self) -> int:
        """The lengths of all texts together."""
        dense = int(self.dense @ np.arange(len(self.dense)))
        return dense + sum(length * count for length, count in self.beyond.items())

    def _add_dense(self, counts: "Integers") -> None:
        if len(counts) > len(self.dense):
            grown = np.zeros(len(counts), np.int64)
            grown[: len(self.dense)] = self.dense
            self.dense = grown
        self.dense[: len(counts)] += counts

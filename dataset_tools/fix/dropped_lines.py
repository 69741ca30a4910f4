"""Dropped lines: which lines of the file at first are gone, however often others were dropped."""

from array import array
from collections.abc import Iterator


class DroppedLines:
    """Line numbers of the file as it was, ascending; 8 bytes each."""

    def __init__(self) -> None:
        self.numbers = array("Q")

    def add(self, numbers: "array[int]") -> None:
        """Drop further lines, given by their (ascending) numbers among those that are left."""
        import numpy as np

        if not numbers:
            return
        gone = np.frombuffer(self.numbers, np.uint64) if self.numbers else np.zeros(0, np.uint64)
        left_before = gone - np.arange(1, len(gone) + 1, dtype=np.uint64)
        left = np.frombuffer(numbers, np.uint64)
        lines = left + np.searchsorted(left_before, left).astype(np.uint64)
        self.numbers = ascending(array("Q", np.concatenate([gone, lines]).tobytes()))

    def __iter__(self) -> Iterator[int]:
        return iter(self.numbers)

    def __len__(self) -> int:
        return len(self.numbers)


def ascending(numbers: "array[int]") -> "array[int]":
    """The numbers sorted, with no object for each."""
    import numpy as np

    return array("Q", np.sort(np.frombuffer(numbers, np.uint64)).tobytes()) if numbers else numbers

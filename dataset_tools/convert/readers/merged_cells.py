"""Merged cells of a sheet: only the first of them holds the value, the others are empty.

Which rows such a value is meant for, nothing tells: a group's name stands for all, a sum for none.
So a cell without its value is an error in its row, rather than an empty text nobody sees.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from dataset_tools.convert.table import RowError

_RANGE = re.compile(r"([A-Z]+)([0-9]+):([A-Z]+)([0-9]+)")


class _Range(NamedTuple):
    """Rows and columns of merged cells, all from 1, the last included."""

    name: str
    top: int
    bottom: int
    left: int
    right: int


class MergedCells:
    """The merged cells of a sheet, asked for row by row from the top."""

    def __init__(self, names: Iterable[str]) -> None:
        ranges = filter(None, map(_range_of, names))
        self._ahead = sorted(ranges, key=lambda each: each.top, reverse=True)
        self._open: list[_Range] = []

    def error(self, row: int, left: int, right: int) -> RowError | None:
        """The error of a row where a cell in these columns has its value in another; else None."""
        while self._ahead and self._ahead[-1].top <= row:
            self._open.append(self._ahead.pop())
        if not self._open:
            return None
        self._open = [each for each in self._open if each.bottom >= row]
        for each in self._open:
            # the first cell of all has the value
            first = max(left, each.left + 1 if row == each.top else each.left)
            if first <= min(right, each.right):
                return _error(first, row, each)
        return None


def _range_of(name: str) -> _Range | None:
    found = _RANGE.fullmatch(name)
    if found is None:
        return None
    left, top, right, bottom = found.groups()
    return _Range(name, int(top), int(bottom), _column(left), _column(right))


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


def _error(column: int, row: int, merged: _Range) -> RowError:
    from openpyxl.utils import get_column_letter

    first = merged.name.partition(":")[0]
    return RowError(
        f"cell {get_column_letter(column)}{row} is one of the merged cells {merged.name}, whose "
        f"value stands in {first} only; unmerge them and fill in each"
    )

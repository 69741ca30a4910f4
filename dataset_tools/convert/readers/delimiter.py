"""Tells which delimiter a table of text is written with, from its first rows."""

import csv
import re
from collections.abc import Sequence

DELIMITERS = (",", ";", "\t", "|")
# Excel's own way to name it, before the header
_NAMED = re.compile(rb"sep=([^\r\n\x80-\xff])\r?\n", re.IGNORECASE)
_MAJORITY = 0.5  # of the rows; fewer have as many as the header by chance


def named_delimiter(start: bytes) -> str | None:
    """The delimiter that the first line names, as in `sep=;`; None where it names none."""
    found = _NAMED.match(start)
    return None if found is None else found[1].decode()


def likely_delimiter(lines: Sequence[str], usual: str, quote_character: str) -> str:
    """The delimiter that gives all rows of the sample the same number of cells, more than one.

    Of several, the usual one of the format, then the one that gives the most cells. Where none
    does: the one whose header agrees with the most rows, so that only the odd ones are refused.
    A table of a single column has none, and gets the usual one.
    """
    best, best_score = usual, (0.0, False, 0)
    for delimiter in DELIMITERS:
        widths = _widths(lines, delimiter, quote_character)
        share = widths.count(widths[0]) / len(widths) if widths else 0
        if share == 0 or widths[0] < 2 or (delimiter != usual and share <= _MAJORITY):
            continue
        score = (share, delimiter == usual, widths[0])
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _widths(lines: Sequence[str], delimiter: str, quote_character: str) -> list[int]:
    """The number of cells of each row that is not blank, up to one that cannot be read."""
    widths = []
    try:
        for cells in csv.reader(lines, delimiter=delimiter, quotechar=quote_character, strict=True):
            if cells:
                widths.append(len(cells))
    except csv.Error:  # the sample ends within a row, or that row is faulty
        pass
    return widths

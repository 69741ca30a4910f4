"""Horizontal bars of text, in a table that fits a terminal's width."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

_EIGHTHS = " ▏▎▍▌▋▊▉"
_BLOCK, _ASCII_BLOCK = "█", "#"
_PADDING = 2  # columns between two columns of a table
_WIDEST_BAR = 50  # columns
_LABEL_SHARE = 3  # a label takes one of so many parts of the width at most


@dataclass(frozen=True, slots=True)
class Bar:
    """A line: `length`, from 0 to 1, is that of the bar, as a share of the longest there can be."""

    label: str
    length: float
    figures: tuple[str, ...]  # behind the bar, in columns of their own


def bar_table(bars: Sequence[Bar], width: int, style: str, *, has_unicode: bool) -> Table:
    """The bars below one another, none of the lines wider than `width`."""
    labels = min(max(cell_len(bar.label) for bar in bars), width // _LABEL_SHARE)
    columns = zip(*(bar.figures for bar in bars), strict=True)
    figures = [max(map(cell_len, column)) for column in columns]
    taken = labels + sum(figures) + _PADDING * (1 + len(figures))
    room = max(1, min(width - taken, _WIDEST_BAR))
    table = Table.grid(padding=(0, _PADDING, 0, 0))
    table.add_column(width=labels, no_wrap=True, overflow="ellipsis" if has_unicode else "crop")
    table.add_column(width=room, no_wrap=True)
    for each in figures:
        table.add_column(width=each, no_wrap=True, justify="right")
    for bar in bars:
        table.add_row(
            Text(bar.label),
            Text(_drawn(bar.length, room, has_unicode=has_unicode), style=style),
            *map(Text, bar.figures),
        )
    return table


def _drawn(length: float, room: int, *, has_unicode: bool) -> str:
    """The bar; what is more than nothing shows as a sign at least."""
    eighths = max(round(length * room * 8), int(length > 0))
    if not has_unicode:
        return _ASCII_BLOCK * max(round(eighths / 8), int(length > 0))
    full, rest = divmod(eighths, 8)
    return _BLOCK * full + (_EIGHTHS[rest] if rest else "")

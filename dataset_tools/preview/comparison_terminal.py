"""Two views of one record for people: side by side where there is room, then what differs."""

from collections.abc import Iterator
from itertools import zip_longest

from rich.console import Console
from rich.text import Text

from dataset_tools.preview.comparison import differences
from dataset_tools.preview.layout import folded
from dataset_tools.preview.signs import Signs, signs_for
from dataset_tools.preview.terminal import (
    NARROWEST,
    body,
    heading,
    inference_lines,
    print_lines,
)
from dataset_tools.preview.view import RecordView

SIDE_BY_SIDE = 100  # columns from which on there is room for two


def show(names: tuple[str, str], views: tuple[RecordView, RecordView], console: Console) -> None:
    """Print both views, and each difference once for each of them."""
    signs = signs_for(console.encoding)
    width = max(console.width, NARROWEST)
    first = views[0]
    print_lines(console, [heading(f"{first.path}:{first.line}", width, signs)])
    if width >= SIDE_BY_SIDE:
        print_lines(console, _side_by_side(names, views, width, signs))
    else:
        for name, view in zip(names, views, strict=True):
            console.print()
            print_lines(console, _named(name, width, signs))
            print_lines(console, body(view, width, signs))
    console.print()
    print_lines(console, _difference_lines(names, views, width, signs))
    for name, view in zip(names, views, strict=True):
        console.print()
        print_lines(console, _named(name, width, signs))
        print_lines(console, list(inference_lines(view, width, signs))[1:])
    console.print()


def _named(name: str, width: int, signs: Signs) -> Iterator[Text]:
    return (Text(line, style="bold underline") for line in folded(signs.shown_text(name), width))


def _side_by_side(
    names: tuple[str, str], views: tuple[RecordView, RecordView], width: int, signs: Signs
) -> Iterator[Text]:
    column = (width - 3) // 2
    sides = [
        [*_named(name, column, signs), *body(view, column, signs)]
        for name, view in zip(names, views, strict=True)
    ]
    for left, right in zip_longest(*sides, fillvalue=Text()):
        padding = " " * (column - left.cell_len)
        line = Text.assemble(left, padding, (f" {signs.column_rule} ", "bright_black"), right)
        line.rstrip()
        yield line


def _difference_lines(
    names: tuple[str, str], views: tuple[RecordView, RecordView], width: int, signs: Signs
) -> Iterator[Text]:
    found = differences(*views)
    if not found:
        yield from (Text(line, style="bold") for line in folded("nothing differs", width))
        return
    yield Text("what differs", style="bold")
    for each in found:
        yield Text()
        yield Text(each.what, style="bold yellow")
        for name, words in zip(names, (each.first, each.second), strict=True):
            text = f"{signs.shown_text(name)}: {signs.shown_text(words)}"
            yield from (Text(line) for line in folded(text, width))

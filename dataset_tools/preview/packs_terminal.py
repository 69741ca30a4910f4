"""Packs for people: a bar for each, in which its records take turns, and what was saved."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from dataset_tools.packing import Pack, Span
from dataset_tools.preview.layout import folded
from dataset_tools.preview.packs import Packs, RecordPlace
from dataset_tools.preview.signs import Signs, signs_for
from dataset_tools.preview.terminal import NARROWEST, heading, print_lines

_BAR_STYLES = ("cyan", "green")
_WIDEST_BAR = 100  # columns
_MOST_RECORDS = 12  # of a pack, or dropped, that are named
_NAMES = {"best_fit": "best fit", "wrapped": "one stream, cut every chunk_size tokens"}


def show(made: Packs, most: int, console: Console, notes: Sequence[str] = ()) -> None:
    """Print the sum and the first `most` packs."""
    signs = signs_for(console.encoding)
    width = max(console.width, NARROWEST)
    title = made.sequences.paths[0]
    if len(made.sequences.paths) > 1:
        title = f"{len(made.sequences.paths)} files"
    print_lines(console, [heading(f"{title}: packs", width, signs)])
    print_lines(console, _sum_lines(made, width, signs, notes))
    for number, pack in enumerate(made.packs[:most], start=1):
        print_lines(console, _pack_lines(made, number, pack, width, signs))
    left_out = len(made.packs) - most
    if left_out > 0:
        console.print()
        words = f"[{signs.ellipsis} {left_out:,} more packs {signs.ellipsis}]"
        print_lines(console, [Text(words, style="italic bright_black")])


def _sum_lines(made: Packs, width: int, signs: Signs, notes: Sequence[str]) -> Iterator[Text]:
    sequences, dropped = made.sequences, made.dropped
    facts = [
        _counted(sequences.records, "record"),
        _counted(len(sequences.lengths), "sequence"),
        _counted(sum(sequences.lengths), "token"),
        f"{_counted(len(made.packs), 'pack')} of chunk_size {made.chunk_size:,}",
    ]
    yield from _styled(f" {signs.bullet} ".join(facts), width, "bold")
    shares = (
        f"density {made.density_unpacked:.1%} unpacked, {made.density_packed:.1%} packed "
        f"({_NAMES[made.packing]})"
    )
    yield from _styled(shares, width)
    for note in notes:
        yield from _styled(f"note: {note}", width, "yellow")
    if made.held_out:
        held = _counted(made.held_out, "record")
        yield from _styled(f"the last {held} are left out: training validates on them", width)
    if dropped:
        named = ", ".join(_place(made, place, signs) for place in dropped[:_MOST_RECORDS])
        more = f" and {len(dropped) - _MOST_RECORDS:,} more" if len(dropped) > _MOST_RECORDS else ""
        words = f"{_counted(len(dropped), 'record')} too long to train on: line {named}{more}"
        yield from _styled(words, width, "bold red")


def _pack_lines(made: Packs, number: int, pack: Pack, width: int, signs: Signs) -> Iterator[Text]:
    tokens = sum(span.stop - span.start for span in pack)
    yield Text()
    share = f"{tokens / made.chunk_size:.1%}"
    yield from _styled(f"pack {number:,}: {tokens:,} tokens, {share}", width, "bold")
    yield _bar(made, pack, min(width, _WIDEST_BAR), signs)
    named = [_record(made, span, signs) for span in pack[:_MOST_RECORDS]]
    if len(pack) > _MOST_RECORDS:
        named.append(f"{signs.ellipsis} and {len(pack) - _MOST_RECORDS:,} more")
    yield from _styled(f"line {', '.join(named)}", width)


def _bar(made: Packs, pack: Pack, width: int, signs: Signs) -> Text:
    """The pack's room, each record as wide as its share of it; one may be too short to show."""
    bar = Text()
    tokens = 0
    for index, span in enumerate(pack):
        start = round(width * tokens / made.chunk_size)
        tokens += span.stop - span.start
        end = round(width * tokens / made.chunk_size)
        bar.append(signs.bars[index % 2] * (end - start), _BAR_STYLES[index % 2])
    bar.append(signs.room * (width - bar.cell_len), "bright_black")
    return bar


def _record(made: Packs, span: Span, signs: Signs) -> str:
    """The record's line, and how many tokens of it are here; which ones, if not all."""
    words = _place(made, made.sequences.place(span.sequence), signs)
    part = made.sequences.part(span.sequence)
    if part is not None:
        words += f" part {part:,}"
    length = made.sequences.lengths[span.sequence]
    if span.stop - span.start < length:
        return f"{words} ({span.start + 1:,} to {span.stop:,} of {length:,})"
    return f"{words} ({length:,})"


def _place(made: Packs, place: RecordPlace, signs: Signs) -> str:
    if len(made.sequences.paths) == 1:
        return f"{place.line}"
    return signs.shown_text(f"{place.path}:{place.line}")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _styled(words: str, width: int, style: str = "") -> Iterator[Text]:
    return (Text(line, style=style) for line in folded(words, width))

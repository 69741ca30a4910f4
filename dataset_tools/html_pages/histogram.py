"""Histograms as inline SVG: drawn by matplotlib, coloured by the page's style.

What matplotlib writes is reduced to paths and texts with a class each: a style attribute would be
refused by the page's Content-Security-Policy, and only classes can follow its dark theme. The same
lengths give the same bytes. No text of the data is drawn, only numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

from dataset_tools.stats.distribution import Bin, Distribution

_WIDTH, _HEIGHT = 360, 200  # points; a phone shows them about as large as they are
_POINTS_AN_INCH = 72
_MOST_LABELS = 6  # on the horizontal axis
_FONT_SIZE = 12
_BAR, _TAIL, _GRID, _TEXT = "#000001", "#000002", "#000003", "#000004"
_CLASSES = {_BAR: "bar", _TAIL: "tail", _GRID: "grid", _TEXT: "label"}  # by stand-in colour
_SVG = "{http://www.w3.org/2000/svg}"
_BAR_NAME = "bin-"  # and the bin's number, on the group that holds its bar


@dataclass(frozen=True, slots=True)
class Shape:
    """A path, or a text at a place; `title` is what pointing at it tells."""

    class_name: str
    path: str = ""
    text: str = ""
    x: str = ""
    y: str = ""
    anchor: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing of `width` × `height` units."""

    width: int
    height: int
    shapes: list[Shape]


def draw_histogram(distribution: Distribution) -> Chart:
    """A bar for each bin; a last one that is wider than the others is drawn as a tail."""
    bins = distribution.histogram
    titles = list(map(bin_name, bins))
    total = sum(each.count for each in bins)
    root = ElementTree.fromstring(_drawn(bins, distribution.maximum))
    shapes = []
    for shape, bin_number in _shapes(root, None):
        if bin_number is not None:
            count = bins[bin_number].count
            title = f"{titles[bin_number]}: {count:,} ({count / total:.1%})"
            shape = Shape(shape.class_name, path=shape.path, title=title)
        shapes.append(shape)
    return Chart(_WIDTH, _HEIGHT, shapes)


def bin_name(each: Bin) -> str:
    """The lengths of a bin, the last included."""
    last = each.end - 1
    return f"{each.start:,}" if last == each.start else f"{each.start:,}–{last:,}"


def _drawn(bins: tuple[Bin, ...], maximum: int) -> bytes:
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    settings: dict[str, Any] = {
        "svg.fonttype": "none",  # text stays text
        "svg.hashsalt": "histogram",
        "font.size": _FONT_SIZE,
    }
    usual_width = bins[0].end - bins[0].start
    with matplotlib.rc_context(settings):
        figure = Figure(
            figsize=(_WIDTH / _POINTS_AN_INCH, _HEIGHT / _POINTS_AN_INCH),
            dpi=_POINTS_AN_INCH,
            layout="constrained",
        )
        axes = figure.add_subplot()
        colors = [_BAR if each.end - each.start == usual_width else _TAIL for each in bins]
        counts = [each.count for each in bins]
        for number, bar in enumerate(axes.bar(range(len(bins)), counts, 0.9, color=colors)):
            bar.set_gid(f"{_BAR_NAME}{number}")
        places, labels = _edge_labels(bins, maximum)
        axes.set_xticks(places, labels)
        axes.set_xlim(-0.6, len(bins) - 0.4)
        axes.set_ylim(0, max(counts) * 1.03)
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axes.tick_params(length=0, pad=6, labelcolor=_TEXT)
        axes.yaxis.grid(visible=True, color=_GRID)
        axes.set_axisbelow(True)
        axes.spines[:].set_visible(False)
        output = BytesIO()
        figure.savefig(output, format="svg", metadata={"Date": None})
    return output.getvalue()


def _edge_labels(bins: tuple[Bin, ...], maximum: int) -> tuple[list[float], list[str]]:
    """Lengths at the edges of bins, as many as there is room for; the last is the longest."""
    step = -(-len(bins) // _MOST_LABELS)
    numbers = [each for each in range(0, len(bins), step) if len(bins) - each >= step]
    places = [number - 0.5 for number in numbers]
    labels = [f"{bins[number].start:,}" for number in numbers]
    longest = f"{maximum:,}"
    if labels[-1] == longest:  # the last bin is of one length, which stands under its middle
        return [*places[:-1], len(bins) - 1], labels
    return [*places, len(bins) - 0.5], [*labels, longest]


def _shapes(
    element: ElementTree.Element, bin_number: int | None
) -> Iterator[tuple[Shape, int | None]]:
    """What can be seen of an element, and the number of the bin it belongs to."""
    name = element.get("id", "")
    if name.startswith(_BAR_NAME):
        bin_number = int(name.removeprefix(_BAR_NAME))
    style = _style(element)
    if element.tag == f"{_SVG}path":
        class_name = _CLASSES.get(style.get("fill", "")) or _CLASSES.get(style.get("stroke", ""))
        if class_name:
            yield Shape(class_name, path=" ".join(element.get("d", "").split())), bin_number
    elif element.tag == f"{_SVG}text":
        yield (
            Shape(
                _CLASSES[style["fill"]],
                text=element.text or "",
                x=element.get("x", "0"),
                y=element.get("y", "0"),
                anchor=style.get("text-anchor", "start"),
            ),
            None,
        )
    for child in element:
        yield from _shapes(child, bin_number)


def _style(element: ElementTree.Element) -> dict[str, str]:
    pairs = (part.partition(":") for part in element.get("style", "").split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}

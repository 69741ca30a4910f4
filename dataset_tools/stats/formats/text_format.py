"""The report for people: facts, percentiles, and bars.

Texts of the data reach rich as `Text` only, with control characters spelt, so that nothing in them
is taken for markup or a terminal's codes.
"""

from collections.abc import Iterator
from io import StringIO

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dataset_tools.printable import printable
from dataset_tools.stats.distribution import PERCENTILES
from dataset_tools.stats.formats.bars import Bar, bar_table
from dataset_tools.stats.formats.facts import (
    PACKING_NAMES,
    Fact,
    counted,
    data_facts,
    figures,
    file_facts,
    row_noun,
    share,
    training_facts,
)
from dataset_tools.stats.report import Density, LengthStats, StatsReport, Unit

PLAIN_WIDTH = 80  # columns, where the report does not go to a terminal
_NARROWEST = 40
_WIDE_TABLE = 76  # columns from which percentiles stand beside one another
_INDENT = 2


def render(
    report: StatsReport, width: int = PLAIN_WIDTH, *, color: bool = False, has_unicode: bool = True
) -> str:
    """The report, no line longer than `width` columns; with ANSI colours if asked for."""
    output = StringIO()
    width = max(width, _NARROWEST)
    console = Console(
        file=output,
        width=width,
        height=25,  # without one, rich takes its own width where TERM is dumb
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        legacy_windows=False,
    )
    sections = _Sections(report, width - _INDENT, has_unicode=has_unicode)
    for title, body in sections.all():
        console.print(Text(title, style="bold"))
        console.print(Padding(body, (0, 0, 1, _INDENT)))
    for note in report.notes:
        console.print(Text(f"note: {printable(note)}"))
    lines = output.getvalue().rstrip("\n").split("\n")
    return "\n".join(line.rstrip(" ") for line in lines)


class _Sections:
    def __init__(self, report: StatsReport, width: int, *, has_unicode: bool) -> None:
        self.report = report
        self.width = width
        self.has_unicode = has_unicode
        self.dash = "–" if has_unicode else "-"

    def all(self) -> Iterator[tuple[str, RenderableType]]:
        """Titles and what stands below them."""
        report = self.report
        name = printable(report.files[0].path) if len(report.files) == 1 else "all files"
        if len(report.files) > 1:
            for file in report.files:
                yield printable(file.path), _facts(file_facts(file))
        yield name, _facts(data_facts(report))
        for unit in ("characters", "tokens"):
            yield self._titled(f"Lengths in {unit}", unit), self._percentiles(unit)
        shown: Unit = "characters" if report.is_estimated else "tokens"
        for length in report.lengths:
            if length.unit == shown:
                title = f"{length.side.capitalize()}, {length.unit}"
                yield self._titled(title, shown), self._histogram(length)
        if report.classes:
            yield "Classes", self._classes()
        training = report.training
        yield (
            self._titled(f"Training at chunk_size {training.chunk_size:,}", "tokens"),
            _facts(training_facts(training)),
        )
        density = f"Density, unpacked in micro-batches of {training.micro_batch_rows:,}"
        yield self._titled(density, "tokens"), self._densities()

    def _titled(self, title: str, unit: Unit) -> str:
        return f"{title} (estimated)" if self.report.is_estimated and unit == "tokens" else title

    def _percentiles(self, unit: Unit) -> Table:
        lengths = [each for each in self.report.lengths if each.unit == unit]
        heads = ["min", *(f"p{each}" for each in PERCENTILES), "max", "mean"]
        rows = [["", *heads], *([each.side, *figures(each)] for each in lengths)]
        if self.width + _INDENT < _WIDE_TABLE:
            rows = [list(row) for row in zip(*rows, strict=True)]
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        for _ in rows[0][1:]:
            table.add_column(justify="right", no_wrap=True)
        for number, (label, *cells) in enumerate(rows):
            style = "" if number else "dim"
            table.add_row(Text(label, "dim"), *(Text(each, style) for each in cells))
        return table

    def _histogram(self, length: LengthStats) -> Table:
        bins = length.distribution.histogram
        most, texts = max(each.count for each in bins), sum(each.count for each in bins)
        bars = [
            Bar(
                f"{each.start:,}{self.dash}{each.end - 1:,}"
                if each.end - each.start > 1
                else f"{each.start:,}",
                each.count / most,
                (f"{each.count:,}", share(each.count, texts)),
            )
            for each in bins
        ]
        return bar_table(bars, self.width, "cyan", has_unicode=self.has_unicode)

    def _classes(self) -> Table:
        classes = self.report.classes
        quoted = repr if self.has_unicode else ascii
        bars = [
            Bar(
                printable(quoted(each.label)),
                each.records / classes[0].records,
                (f"{each.records:,}", f"{each.share:.1%}"),
            )
            for each in classes
        ]
        return bar_table(bars, self.width, "green", has_unicode=self.has_unicode)

    def _densities(self) -> Table:
        training = self.report.training
        bars = [
            Bar(
                PACKING_NAMES[each.packing],
                each.density,
                (f"{each.density:.1%}", self._rows(each)),
            )
            for each in training.densities
        ]
        return bar_table(bars, self.width, "magenta", has_unicode=self.has_unicode)

    def _rows(self, density: Density) -> str:
        if self.width + _INDENT < _WIDE_TABLE:
            return f"{density.rows:,}"
        return counted(density.rows, row_noun(density.packing))


def _facts(facts: Iterator[Fact]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(Text(name), Text(value))
    return table

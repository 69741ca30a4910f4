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

from dataset_tools.packing import Packing
from dataset_tools.printable import elided, printable
from dataset_tools.rules.mark_names import percentage
from dataset_tools.stats.distribution import PERCENTILES
from dataset_tools.stats.formats.bars import Bar, bar_table
from dataset_tools.stats.record_tokens import BYTES_A_TOKEN
from dataset_tools.stats.report import (
    Density,
    FileStats,
    LengthStats,
    MarkStats,
    StatsReport,
    TrainingStats,
    Unit,
)

PLAIN_WIDTH = 80  # columns, where the report does not go to a terminal
_NARROWEST = 40
_WIDE_TABLE = 76  # columns from which percentiles stand beside one another
_INDENT = 2
_PACKING_NAMES: dict[Packing, str] = {
    "none": "unpacked",
    "best_fit": "best fit",
    "wrapped": "wrapped",
}
_ORIGINS = {"flag": "given by flag", "recipe": "given in the recipe", "inferred": "inferred"}

Fact = tuple[str, str]


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
                yield printable(file.path), _facts(_file_facts(file))
        yield name, _facts(self._data_facts())
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
            _facts(_training_facts(training)),
        )
        density = f"Density, unpacked in micro-batches of {training.micro_batch_rows:,}"
        yield self._titled(density, "tokens"), self._densities()

    def _titled(self, title: str, unit: Unit) -> str:
        return f"{title} (estimated)" if self.report.is_estimated and unit == "tokens" else title

    def _data_facts(self) -> Iterator[Fact]:
        report = self.report
        if len(report.files) == 1:
            yield from _file_facts(report.files[0])
        else:
            yield "files", f"{len(report.files):,}"
            yield from _counts(report)
        for unit in ("characters", "tokens"):
            yield unit, self._totals(unit)
        duplicates = report.duplicates
        repeated = f"{duplicates.records:,}"
        if duplicates.records:
            repeated += f" ({percentage(duplicates.records / report.records)})"
        yield "duplicates", f"{repeated} of the records repeat an earlier one"
        if duplicates.distinct_prompts is not None:
            yield "prompts", f"{duplicates.distinct_prompts:,} different ones"

    def _totals(self, unit: Unit) -> str:
        report = self.report
        parts = [each for each in report.lengths if each.unit == unit]
        whole = parts[-1].total
        text = f"{whole:,}"
        if len(parts) > 1:
            sides = (f"{part.side}s {_share(part.total, whole)}" for part in parts[:-1])
            text += f" ({', '.join(sides)})"
        if unit == "characters":
            return text
        if report.is_estimated:
            return f"{text}, estimated at {BYTES_A_TOKEN} bytes a token; --tokenizer counts them"
        return f"{text}, counted with {printable(report.tokenizer or 'a tokenizer')}"

    def _percentiles(self, unit: Unit) -> Table:
        lengths = [each for each in self.report.lengths if each.unit == unit]
        heads = ["min", *(f"p{each}" for each in PERCENTILES), "max", "mean"]
        rows = [["", *heads], *([each.side, *_figures(each)] for each in lengths)]
        if self.width + _INDENT < _WIDE_TABLE:
            rows = [list(row) for row in zip(*rows, strict=True)]
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        for _ in rows[0][1:]:
            table.add_column(justify="right", no_wrap=True)
        for number, (label, *figures) in enumerate(rows):
            style = "" if number else "dim"
            table.add_row(Text(label, "dim"), *(Text(each, style) for each in figures))
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
                (f"{each.count:,}", _share(each.count, texts)),
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
                _PACKING_NAMES[each.packing],
                each.density,
                (f"{each.density:.1%}", self._rows(each)),
            )
            for each in training.densities
        ]
        return bar_table(bars, self.width, "magenta", has_unicode=self.has_unicode)

    def _rows(self, density: Density) -> str:
        if self.width + _INDENT < _WIDE_TABLE:
            return f"{density.rows:,}"
        return _counted(density.rows, _row_noun(density.packing))


def _facts(facts: Iterator[Fact]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(Text(name), Text(value))
    return table


def _file_facts(file: FileStats) -> Iterator[Fact]:
    yield "format", file.format
    yield from _counts(file)
    for name, mark, texts in (
        ("separator", file.separator, "prompts"),
        ("stop sequence", file.stop_sequence, "completions"),
    ):
        yield name, _mark(mark, "texts" if file.format == "text" else texts)


def _counts(counted: FileStats | StatsReport) -> Iterator[Fact]:
    yield "records", f"{counted.records:,}"
    if counted.unreadable:
        yield "unreadable", f"{_counted(counted.unreadable, 'line')}; 'dataset-tools lint' says why"
    if counted.blank_lines:
        yield "blank lines", f"{counted.blank_lines:,}"
    yield "bytes", f"{counted.bytes:,}"


def _mark(mark: MarkStats | None, texts: str) -> str:
    if mark is None:
        return "none"
    shown = printable(repr(elided(mark.text)))
    return f"{shown}, {_ORIGINS[mark.origin]}; ends {percentage(mark.share)} of the {texts}"


def _training_facts(training: TrainingStats) -> Iterator[Fact]:
    held_out = f", {training.held_out:,} more held out for validation" * (training.held_out > 0)
    yield "records", f"{training.records:,}{held_out}"
    yield "too long", ", ".join(_fates(training)) or "none"
    yield "sequences", f"{training.sequences:,} of {_counted(training.tokens, 'token')}"
    yield "packing", _PACKING_NAMES[training.packing]
    loss = training.loss
    yield (
        "loss",
        f"on {_share(loss.tokens, training.tokens)} of the tokens at prompt_loss_weight "
        f"{training.prompt_loss_weight:g}; mean weight {loss.weight_share:.3g}, "
        f"{loss.prompt_weight_share:.1%} of it on prompts",
    )
    steps = training.steps
    if steps is not None:
        yield (
            "steps",
            f"{steps.per_epoch:,} an epoch of up to {steps.step_rows:,} "
            f"{_row_noun(training.packing)}s; {steps.total:,} in all",
        )


def _fates(training: TrainingStats) -> Iterator[str]:
    for count, fate in (
        (training.truncated, f"truncated (by {_counted(training.tokens_cut, 'token')} together)"),
        (training.split, "split"),
        (training.dropped, "dropped"),
        (training.refused, "refused, which ends the training (on_too_long: error)"),
    ):
        if count:
            yield f"{count:,} {fate}"


def _figures(length: LengthStats) -> Iterator[str]:
    distribution = length.distribution
    for value in (distribution.minimum, *distribution.percentiles.values(), distribution.maximum):
        yield f"{value:,}"
    yield f"{distribution.mean:,.1f}"


def _row_noun(packing: Packing) -> str:
    return "sequence" if packing == "none" else "pack"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "0.0%"

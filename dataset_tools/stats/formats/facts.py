"""Facts: what a report tells in words and numbers, for every format that people read."""

from collections.abc import Iterator

from dataset_tools.packing import Packing
from dataset_tools.printable import elided, printable
from dataset_tools.rules.mark_names import percentage
from dataset_tools.stats.record_tokens import BYTES_A_TOKEN
from dataset_tools.stats.report import (
    FileStats,
    LengthStats,
    MarkStats,
    StatsReport,
    TrainingStats,
    Unit,
)

PACKING_NAMES: dict[Packing, str] = {
    "none": "unpacked",
    "best_fit": "best fit",
    "wrapped": "wrapped",
}
_ORIGINS = {"flag": "given by flag", "recipe": "given in the recipe", "inferred": "inferred"}

Fact = tuple[str, str]


def data_facts(report: StatsReport) -> Iterator[Fact]:
    """What the whole data is, without training."""
    if len(report.files) == 1:
        yield from file_facts(report.files[0])
    else:
        yield "files", f"{len(report.files):,}"
        yield from _counts(report)
    for unit in ("characters", "tokens"):
        yield unit, _totals(report, unit)
    duplicates = report.duplicates
    repeated = f"{duplicates.records:,}"
    if duplicates.records:
        repeated += f" ({percentage(duplicates.records / report.records)})"
    yield "duplicates", f"{repeated} of the records repeat an earlier one"
    if duplicates.distinct_prompts is not None:
        yield "prompts", f"{duplicates.distinct_prompts:,} different ones"


def _totals(report: StatsReport, unit: Unit) -> str:
    parts = [each for each in report.lengths if each.unit == unit]
    whole = parts[-1].total
    text = f"{whole:,}"
    if len(parts) > 1:
        sides = (f"{part.side}s {share(part.total, whole)}" for part in parts[:-1])
        text += f" ({', '.join(sides)})"
    if unit == "characters":
        return text
    if report.is_estimated:
        return f"{text}, estimated at {BYTES_A_TOKEN} bytes a token; --tokenizer counts them"
    return f"{text}, counted with {printable(report.tokenizer or 'a tokenizer')}"


def file_facts(file: FileStats) -> Iterator[Fact]:
    """One file."""
    yield "format", file.format
    yield from _counts(file)
    for name, mark, texts in (
        ("separator", file.separator, "prompts"),
        ("stop sequence", file.stop_sequence, "completions"),
    ):
        yield name, _mark(mark, "texts" if file.format == "text" else texts)


def _counts(whole: FileStats | StatsReport) -> Iterator[Fact]:
    yield "records", f"{whole.records:,}"
    if whole.unreadable:
        yield "unreadable", f"{counted(whole.unreadable, 'line')}; 'dataset-tools lint' says why"
    if whole.blank_lines:
        yield "blank lines", f"{whole.blank_lines:,}"
    yield "bytes", f"{whole.bytes:,}"


def _mark(mark: MarkStats | None, texts: str) -> str:
    if mark is None:
        return "none"
    shown = printable(repr(elided(mark.text)))
    return f"{shown}, {_ORIGINS[mark.origin]}; ends {percentage(mark.share)} of the {texts}"


def training_facts(training: TrainingStats) -> Iterator[Fact]:
    """What training makes of the data."""
    held_out = f", {training.held_out:,} more held out for validation" * (training.held_out > 0)
    yield "records", f"{training.records:,}{held_out}"
    yield "too long", ", ".join(_fates(training)) or "none"
    yield "sequences", f"{training.sequences:,} of {counted(training.tokens, 'token')}"
    yield "packing", PACKING_NAMES[training.packing]
    loss = training.loss
    yield (
        "loss",
        f"on {share(loss.tokens, training.tokens)} of the tokens at prompt_loss_weight "
        f"{training.prompt_loss_weight:g}; mean weight {loss.weight_share:.3g}, "
        f"{loss.prompt_weight_share:.1%} of it on prompts",
    )
    steps = training.steps
    if steps is not None:
        yield (
            "steps",
            f"{steps.per_epoch:,} an epoch of up to {steps.step_rows:,} "
            f"{row_noun(training.packing)}s; {steps.total:,} in all",
        )


def _fates(training: TrainingStats) -> Iterator[str]:
    for count, fate in (
        (training.truncated, f"truncated (by {counted(training.tokens_cut, 'token')} together)"),
        (training.split, "split"),
        (training.dropped, "dropped"),
        (training.refused, "refused, which ends the training (on_too_long: error)"),
    ):
        if count:
            yield f"{count:,} {fate}"


def figures(length: LengthStats) -> Iterator[str]:
    """Minimum, percentiles, maximum and mean."""
    distribution = length.distribution
    for value in (distribution.minimum, *distribution.percentiles.values(), distribution.maximum):
        yield f"{value:,}"
    yield f"{distribution.mean:,.1f}"


def row_noun(packing: Packing) -> str:
    """What a row of a batch is."""
    return "sequence" if packing == "none" else "pack"


def counted(count: int, noun: str) -> str:
    """A number of things."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def share(part: int, whole: int) -> str:
    """A part of a whole in percent."""
    return f"{part / whole:.1%}" if whole else "0.0%"

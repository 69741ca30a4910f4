"""The summary: from counts to a report."""

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from dataset_tools.marks import Mark
from dataset_tools.packing import Packing, best_fit_count
from dataset_tools.stats.distribution import distribution_of
from dataset_tools.stats.gathering import GatheredFile
from dataset_tools.stats.length_counts import LengthCounts
from dataset_tools.stats.padding import expected_row_tokens
from dataset_tools.stats.partial import DataPartial, SideLengths, trained_and_unwrapped
from dataset_tools.stats.report import (
    ClassStats,
    Density,
    Duplicates,
    FileStats,
    LengthStats,
    LossStats,
    MarkStats,
    Side,
    StatsReport,
    StepStats,
    TrainingStats,
    Unit,
)
from dataset_tools.stats.settings import StatsSettings, StepSettings
from dataset_tools.stats.trained_sequences import WEIGHT_UNITS, TrainedSequences
from dataset_tools.steps import steps_per_epoch


def summarize(
    files: Sequence[GatheredFile], data: DataPartial, settings: StatsSettings
) -> StatsReport:
    """The report on all files; what is held out for validation is taken off the counts."""
    records = sum(file.counts.records for file in files)
    held_out = settings.steps.held_out if settings.steps else 0
    notes = list(_notes(files, settings))
    if held_out >= records:
        notes.append(
            f"num_validation_samples: {held_out:,} rows to hold out, and the data has only "
            f"{records:,}; training refuses that, and nothing is held out here"
        )
        held_out = 0
    if held_out:
        _leave_out_the_last(data, settings)
    return StatsReport(
        files=tuple(map(_file, files)),
        records=records,
        bytes=sum(file.bytes for file in files),
        unreadable=sum(file.counts.unreadable for file in files),
        blank_lines=sum(file.counts.blank for file in files),
        is_estimated=settings.tokenizer is None,
        tokenizer=settings.tokenizer_name,
        lengths=(
            *_lengths(data.characters, "characters", files),
            *_lengths(data.tokens, "tokens", files),
        ),
        classes=tuple(_classes(data)),
        duplicates=Duplicates(
            records=records - data.records.count_distinct(),
            distinct_prompts=data.prompts.count_distinct() if len(data.prompts) else None,
        ),
        training=_training(data, settings, held_out),
        notes=tuple(notes),
    )


def _notes(files: Sequence[GatheredFile], settings: StatsSettings) -> Iterator[str]:
    formats = {file.record_format for file in files}
    if len(formats) > 1:
        yield f"the files hold records of {len(formats)} formats; training takes data of one"
    if not settings.marks_are_settled:
        return
    for file in files:
        for key, mark in (("separator", file.separator), ("stop_sequence", file.stop_sequence)):
            if mark is not None and mark.origin == "inferred":
                yield (
                    f"{file.name}: most rows carry the {key} {mark.text!r}, which the recipe does "
                    "not name, so training takes it for text"
                )


def _file(file: GatheredFile) -> FileStats:
    counts = file.counts
    return FileStats(
        path=file.name,
        format=file.record_format,
        records=counts.records,
        bytes=file.bytes,
        unreadable=counts.unreadable,
        blank_lines=counts.blank,
        separator=_mark(file.separator, counts.marked["prompt"], counts.records),
        stop_sequence=_mark(file.stop_sequence, counts.marked["completion"], counts.records),
    )


def _mark(mark: Mark | None, carriers: int, records: int) -> MarkStats | None:
    return None if mark is None else MarkStats(mark.text, mark.origin, carriers / records)


def _lengths(
    lengths: SideLengths, unit: Unit, files: Iterable[GatheredFile]
) -> Iterator[LengthStats]:
    is_text = all(file.record_format == "text" for file in files)
    sides: tuple[tuple[Side, LengthCounts], ...] = (
        (("text", lengths.completion),)
        if is_text
        else (
            ("prompt", lengths.prompt),
            ("completion", lengths.completion),
            ("total", lengths.total),
        )
    )
    for side, counts in sides:
        distribution = distribution_of(counts)
        if distribution is not None:
            yield LengthStats(side, unit, counts.total, distribution)


def _classes(data: DataPartial) -> Iterator[ClassStats]:
    ranked = data.classes.ranked()
    total = sum(count for _, count in ranked)
    for label, count in ranked:
        yield ClassStats(label, count, count / total)


def _leave_out_the_last(data: DataPartial, settings: StatsSettings) -> None:
    for part in data.last.parts:
        trained, unwrapped = trained_and_unwrapped(part, settings.training_format)
        data.trained.remove(trained)
        if unwrapped is not None:
            data.unwrapped.remove(unwrapped)


def _training(data: DataPartial, settings: StatsSettings, held_out: int) -> TrainingStats:
    trained, training_format = data.trained, settings.training_format
    steps = settings.steps or StepSettings()
    densities = _densities(data, settings, steps)
    rows = next(each.rows for each in densities if each.packing == training_format.packing)
    return TrainingStats(
        chunk_size=training_format.chunk_size,
        prompt_loss_weight=training_format.prompt_loss_weight,
        on_too_long=training_format.on_too_long,
        packing=training_format.packing,
        records=trained.records,
        held_out=held_out,
        sequences=trained.lengths.texts,
        tokens=trained.lengths.total,
        truncated=trained.truncated,
        tokens_cut=trained.tokens_cut,
        split=trained.split,
        dropped=trained.dropped,
        refused=trained.refused,
        loss=_loss(trained, training_format.prompt_loss_weight),
        micro_batch_rows=steps.micro_batch_rows,
        padding_multiple=steps.padding_multiple,
        densities=densities,
        steps=_steps(rows, steps) if settings.steps else None,
    )


def _densities(
    data: DataPartial, settings: StatsSettings, steps: StepSettings
) -> tuple[Density, ...]:
    chunk_size = settings.training_format.chunk_size
    wraps = settings.training_format.packing == "wrapped"
    lengths = (data.unwrapped if wraps else data.trained).lengths
    tokens, stream = lengths.total, data.trained.tokens
    packs = best_fit_count(lengths.as_dict(), chunk_size)
    chunks = -(-stream // chunk_size)
    row_tokens = expected_row_tokens(lengths, steps) if tokens else 0.0
    by_packing: tuple[tuple[Packing, int, int, float], ...] = (
        ("none", lengths.texts, tokens, row_tokens),
        ("best_fit", packs, tokens, packs * chunk_size),
        ("wrapped", chunks, stream, chunks * chunk_size),
    )
    return tuple(
        Density(packing, rows, held / room if room else 0.0)
        for packing, rows, held, room in by_packing
    )


def _loss(trained: TrainedSequences, prompt_loss_weight: float) -> LossStats:
    tokens = trained.lengths.total
    targets = trained.prompt_targets + trained.completion_targets
    prompt_units = Fraction(prompt_loss_weight) * trained.prompt_units
    units = prompt_units + trained.completion_units
    return LossStats(
        tokens=targets,
        share=targets / tokens if tokens else 0.0,
        weight_share=float(units / (tokens * WEIGHT_UNITS)) if tokens else 0.0,
        prompt_weight_share=float(prompt_units / units) if units else 0.0,
    )


def _steps(rows: int, steps: StepSettings) -> StepStats:
    per_epoch = steps_per_epoch(rows, steps.step_rows)
    total = steps.max_steps or math.ceil(steps.epochs * per_epoch)
    return StepStats(steps.step_rows, per_epoch, steps.epochs, total)

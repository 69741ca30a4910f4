"""The figures of stats are those of a plain computation, however the data is cut."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import plain_stats
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from toy_tokenizers import TOY_TOKENIZERS

from dataset_tools.errors import InputError
from dataset_tools.lint.settings import GivenMark
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.records import Record
from dataset_tools.sources import SourceFile
from dataset_tools.stats import (
    DataPartial,
    StatsReport,
    StatsSettings,
    StepSettings,
    gather,
    step_settings,
    summarize,
)
from dataset_tools.stats.formats import json_format
from dataset_tools.stats.length_counts import DENSE_LENGTHS
from dataset_tools.stats.padding import expected_row_tokens
from dataset_tools.stats.partial import LengthCounts
from dataset_tools.tokens import ON_TOO_LONG_CHOICES, TrainingFormat

TEXTS = st.text(st.sampled_from("ab #\né☃"), max_size=14)
MARKS = st.sampled_from(["", "\n", "##", " b"])
WEIGHTS = st.sampled_from([0.0, 0.1, 1.0, 1.0, 2.5, 1e-9])
PAIRS = st.lists(st.builds(Record, TEXTS, TEXTS, WEIGHTS), min_size=1, max_size=12)
TEXT_RECORDS = st.lists(st.builds(Record, st.none(), TEXTS, WEIGHTS), min_size=1, max_size=12)
RECORDS = PAIRS | TEXT_RECORDS
FORMATS = st.builds(
    TrainingFormat,
    prompt_format=st.builds(PromptFormat, MARKS, MARKS),
    chunk_size=st.integers(4, 16),
    on_too_long=st.sampled_from(ON_TOO_LONG_CHOICES),
    prompt_loss_weight=st.sampled_from([0.0, 0.1, 1.0]),
    packing=st.sampled_from(["none", "best_fit", "wrapped"]),
)
STEPS = st.builds(
    StepSettings,
    step_rows=st.integers(1, 6),
    micro_batch_rows=st.integers(1, 4),
    padding_multiple=st.sampled_from([1, 4]),
    epochs=st.sampled_from([1, 2.5]),
    held_out=st.integers(0, 5),
)
TOKENIZERS = st.sampled_from(sorted(TOY_TOKENIZERS))


def settings_of(
    training_format: TrainingFormat, tokenizer: Any = None, steps: StepSettings | None = None
) -> StatsSettings:
    marks = training_format.prompt_format
    return StatsSettings(
        GivenMark(marks.separator, "recipe"),
        GivenMark(marks.stop_sequence, "recipe"),
        training_format,
        marks_are_settled=True,
        tokenizer=tokenizer,
        steps=steps,
    )


def lines_of(records: Sequence[Record]) -> bytes:
    return b"".join(json.dumps(each.as_json_object()).encode() + b"\n" for each in records)


def report_on(
    parts: Sequence[bytes], settings: StatsSettings, *, jobs: int = 1, piece_bytes: int = 10_000
) -> StatsReport:
    data = DataPartial(settings.steps.held_out if settings.steps else 0)
    files = []
    with TemporaryDirectory() as folder:
        for number, content in enumerate(parts):
            path = Path(folder, f"{number}.jsonl")
            path.write_bytes(content)
            source = SourceFile(path.name, path)
            files.append(gather(source, settings, data, jobs=jobs, piece_bytes=piece_bytes))
        return summarize(files, data, settings)


def figures(report: StatsReport) -> str:
    """All of a report that does not depend on how the data lies in files."""
    return json_format.render(replace(report, files=(), bytes=0))


@given(records=RECORDS, training_format=FORMATS, name=TOKENIZERS, steps=STEPS)
def test_training_is_that_of_the_trainers_own_functions(
    records: list[Record], training_format: TrainingFormat, name: str, steps: StepSettings
) -> None:
    """Fates, sequences, loss, packs and steps are those of `tokenize` and the packers."""
    tokenizer = TOY_TOKENIZERS[name]
    report = report_on([lines_of(records)], settings_of(training_format, tokenizer, steps))
    held_out = steps.held_out if steps.held_out < len(records) else 0
    trained = records[: len(records) - held_out]

    training = report.training
    made = plain_stats.sequences_of(trained, training_format, tokenizer)
    sequences = [sequence for each in made for sequence in each]
    assert (len(trained), held_out) == (training.records, training.held_out)
    assert plain_stats.too_long(trained, training_format, tokenizer) == {
        name: getattr(training, name)
        for name in ("truncated", "tokens_cut", "split", "dropped", "refused")
    }
    assert (len(sequences), sum(len(each.input_ids) for each in sequences)) == (
        training.sequences,
        training.tokens,
    )
    expected_loss = plain_stats.loss(sequences)
    assert expected_loss["tokens"] == training.loss.tokens
    assert expected_loss == pytest.approx(
        {name: getattr(training.loss, name) for name in expected_loss}, rel=1e-15
    )
    by_packing = {each.packing: each for each in training.densities}
    for packing in ("best_fit", "wrapped"):
        packs, density = plain_stats.packed(trained, training_format, tokenizer, packing)
        assert (packs, density) == (by_packing[packing].rows, by_packing[packing].density)
    rows = by_packing[training_format.packing].rows
    assert training.steps is not None
    assert math.ceil(rows / steps.step_rows) == training.steps.per_epoch
    assert math.ceil(steps.epochs * training.steps.per_epoch) == training.steps.total


@given(records=RECORDS, training_format=FORMATS, name=TOKENIZERS | st.none())
def test_lengths_are_those_of_the_texts(
    records: list[Record], training_format: TrainingFormat, name: str | None
) -> None:
    """Totals, means, percentiles and histograms, in characters and in tokens."""
    tokenizer = None if name is None else TOY_TOKENIZERS[name]
    report = report_on([lines_of(records)], settings_of(training_format, tokenizer))

    if tokenizer is None:
        tokens = [plain_stats.estimated_tokens(each, training_format) for each in records]
    else:
        roomy = structs.replace(training_format, chunk_size=plain_stats.ENDLESS)
        made = plain_stats.sequences_of(records, roomy, tokenizer)
        tokens = [
            (each.completion_start, len(each.input_ids) - each.completion_start) for (each,) in made
        ]
    characters = [(len(each.prompt or ""), len(each.completion)) for each in records]
    assert (tokenizer is None) == report.is_estimated
    for unit, sides in (("characters", characters), ("tokens", tokens)):
        columns = {
            "prompt": [prompt for prompt, _ in sides],
            "completion": [completion for _, completion in sides],
            "total": [sum(each) for each in sides],
        }
        if records[0].prompt is None:
            columns = {"text": columns["completion"]}
        assert list(columns) == [each.side for each in report.lengths if each.unit == unit]
        for side, lengths in columns.items():
            (found,) = (each for each in report.lengths if (each.side, each.unit) == (side, unit))
            distribution = found.distribution
            assert sum(lengths) == found.total
            assert sum(lengths) / len(lengths) == distribution.mean
            assert (min(lengths), max(lengths)) == (distribution.minimum, distribution.maximum)
            assert {
                percent: plain_stats.percentile(lengths, percent)
                for percent in (1, 5, 25, 50, 75, 95, 99)
            } == distribution.percentiles
            for each in distribution.histogram:
                assert sum(each.start <= length < each.end for length in lengths) == each.count
            assert len(lengths) == sum(each.count for each in distribution.histogram)


@given(
    records=st.lists(st.builds(Record, st.sampled_from("ab"), st.sampled_from("xyz")), min_size=1)
)
def test_duplicates_are_counted(records: list[Record]) -> None:
    """Records that repeat an earlier one, and different prompts."""
    report = report_on([lines_of(records)], StatsSettings())

    assert plain_stats.duplicates(records) == report.duplicates.records
    assert len({each.prompt for each in records}) == report.duplicates.distinct_prompts


@given(
    records=RECORDS,
    training_format=FORMATS,
    steps=STEPS,
    cut=st.integers(0, 12),
    piece_bytes=st.integers(1, 200),
)
def test_parts_add_up_to_the_whole(
    records: list[Record],
    training_format: TrainingFormat,
    steps: StepSettings,
    cut: int,
    piece_bytes: int,
) -> None:
    """Pieces of any size, and two files in place of one, give the very same figures."""
    settings = settings_of(training_format, plain_stats.TOKENIZER, steps)
    whole = report_on([lines_of(records)], settings)
    parts = [part for part in (records[:cut], records[cut:]) if part]

    assert figures(whole) == figures(
        report_on([lines_of(records)], settings, piece_bytes=piece_bytes)
    )
    assert figures(whole) == figures(report_on([lines_of(part) for part in parts], settings))


@pytest.mark.parametrize("jobs", [2, 3])
def test_processes_make_no_difference(jobs: int) -> None:
    """One process and several give the same report, to the last digit."""
    records = [
        Record(f"Question {number % 700}?", f" {'answer ' * (number % 90)}END", number % 3 / 7)
        for number in range(3000)
    ]
    settings = settings_of(
        TrainingFormat(PromptFormat("\n", "END"), chunk_size=300, prompt_loss_weight=0.1),
        plain_stats.TOKENIZER,
        StepSettings(held_out=50),
    )
    content = lines_of(records)

    alone = report_on([content], settings, piece_bytes=len(content))

    assert alone == report_on([content], settings, jobs=jobs, piece_bytes=10_000)


@given(
    lengths=st.lists(st.integers(1, 20), min_size=1, max_size=6),
    steps=st.builds(
        StepSettings,
        step_rows=st.integers(1, 6),
        micro_batch_rows=st.integers(1, 4),
        padding_multiple=st.sampled_from([1, 8]),
    ),
)
def test_padding_is_the_mean_over_all_orders(lengths: list[int], steps: StepSettings) -> None:
    """The expected number of tokens in padded batches is that of all permutations, averaged."""
    import numpy as np

    counts = LengthCounts()
    counts.add(np.array(lengths))

    assert float(plain_stats.padded_tokens(lengths, steps)) == pytest.approx(
        expected_row_tokens(counts, steps)
    )


@given(
    lengths=st.lists(st.integers(0, 5) | st.integers(DENSE_LENGTHS - 2, DENSE_LENGTHS + 2)),
    part=st.integers(0, 10),
)
def test_length_counts_hold_every_length(lengths: list[int], part: int) -> None:
    """Short and long lengths are counted alike, and a part that is removed leaves the rest."""
    import numpy as np

    counts, first, rest = LengthCounts(), LengthCounts(), LengthCounts()
    counts.add(np.array(lengths, np.int64))
    first.add(np.array(lengths[:part], np.int64))
    rest.add(np.array(lengths[part:], np.int64))

    assert {length: lengths.count(length) for length in sorted(lengths)} == counts.as_dict()
    assert (len(lengths), sum(lengths)) == (counts.texts, counts.total)
    counts.remove(first)
    assert rest == counts
    rest.merge(first)
    assert {length: lengths.count(length) for length in sorted(lengths)} == rest.as_dict()


@pytest.mark.parametrize(
    ("completions", "expected"),
    [
        ([" yes"] * 30 + [" no"] * 10, [("yes", 0.75), ("no", 0.25)]),
        ([" yes"] * 30 + [" no"] * 9 + [" "], [("yes", 30 / 39), ("no", 9 / 39)]),
        ([" yes"] * 40, []),
        ([" yes"] * 10 + [" no"] * 9, []),
        ([" yes"] * 400 + [" " + "n" * 51], []),
        ([f" {number % 21}" for number in range(400)], []),
    ],
    ids=["two", "with blanks", "one", "too few records", "a long one", "too many"],
)
def test_classes_are_few_and_short(
    completions: list[str], expected: list[tuple[str, float]]
) -> None:
    """Labels with their shares, where the completions make a classification as DT405 has it."""
    records = [Record(f"{number}", each) for number, each in enumerate(completions)]

    report = report_on([lines_of(records)], StatsSettings(), piece_bytes=400)

    assert expected == [(each.label, each.share) for each in report.classes]


def test_marks_and_lines_without_records() -> None:
    """Marks are inferred, their share is that of all records, and unreadable lines are counted."""
    lines = [b'{"prompt": "q%d\\n##\\n", "completion": " a END"}' % n for n in range(9)]
    lines += [b'{"prompt": "q", "completion": " a"}', b"{", b"", b"[1]", b"\xff"]

    report = report_on([b"\n".join(lines)], StatsSettings())

    (file,) = report.files
    assert (file.records, file.unreadable, file.blank_lines) == (10, 3, 1)
    assert file.separator is not None and file.stop_sequence is not None
    assert (
        file.separator.text,
        file.separator.origin,
        file.separator.share,
    ) == ("\n##\n", "inferred", 0.9)
    assert (file.stop_sequence.text, file.stop_sequence.share) == (" END", 0.9)


def test_inferred_marks_are_those_of_training_without_a_recipe() -> None:
    """A mark that the data carries is not added again; a recipe that names none adds its own."""
    records = [Record(f"{number}\n##\n", "a") for number in range(4)]
    tokenizer = TOY_TOKENIZERS["characters"]

    inferred = report_on([lines_of(records)], StatsSettings(tokenizer=tokenizer))
    recipe = StatsSettings(tokenizer=tokenizer, marks_are_settled=True, steps=StepSettings())
    settled = report_on([lines_of(records)], recipe)

    assert 4 * (len("0\n##\n") + len("a") + 1) == inferred.training.tokens
    assert 4 * (len("0\n##\n\n") - 1 + len("a") + 1) == settled.training.tokens
    assert inferred.notes == ()
    (note,) = settled.notes
    assert "most rows carry the separator '\\n##\\n', which the recipe does not name" in note


def test_more_held_out_than_there_are() -> None:
    """Where validation would take all records, nothing is held out, and a note says why."""
    settings = replace(StatsSettings(), steps=StepSettings(held_out=2))

    report = report_on([lines_of([Record("a", "b")] * 2)], settings)

    assert (report.training.records, report.training.held_out) == (2, 0)
    assert "2 rows to hold out, and the data has only 2" in report.notes[0]


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        ({}, StepSettings(held_out=50)),
        ({"run_validation": False, "train_batch_size": 2}, StepSettings(2, 2)),
        ({"validation_data": "v.jsonl", "num_train_epochs": 1}, StepSettings(epochs=1)),
        (
            {"micro_batch_size": 2, "train_batch_size": 8, "num_validation_samples": 7},
            StepSettings(8, 2, held_out=7),
        ),
        (
            {"micro_batch_size": 3, "gradient_accumulation_steps": 5, "max_steps": 9},
            StepSettings(15, 3, max_steps=9, held_out=50),
        ),
        ({"pad_to_sequence_len": True, "chunk_size": 100}, StepSettings(4, 4, 128, held_out=50)),
        ({"pad_to_sequence_len": False}, StepSettings(4, 4, 1, held_out=50)),
        ({"pad_to_multiple_of": 8}, StepSettings(4, 4, 8, held_out=50)),
    ],
)
def test_steps_of_a_recipe(recipe: dict[str, Any], expected: StepSettings) -> None:
    """Batch sizes, epochs, padding and held-out rows, by the recipe's keys or their defaults."""
    assert expected == step_settings(recipe)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "holds only blank lines"),
        (b"{\nnull\n", "none of its 2 lines holds a record; 'dataset-tools lint 0.jsonl' says why"),
        (b'[{"prompt": "a", "completion": "b"}]', "the file is one JSON array; convert it with"),
        (b"prompt,completion\na,b\n", "the file is CSV"),
        (b"<!DOCTYPE html><html>", "the file is a web page"),
    ],
)
def test_what_is_no_data_is_refused(content: bytes, words: str) -> None:
    """Files without a record, and other formats, in lint's words."""
    with pytest.raises(InputError, match=r"^0\.jsonl: ") as caught:
        report_on([content], StatsSettings())

    assert words in str(caught.value)

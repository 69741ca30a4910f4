"""The training data of a run: fetched, linted, split, and stored under the hash of its content.

Axolotl keys its prepared datasets by paths and a fixed list of fields. Neither the content of a
file nor our prompt format is among them, so the path carries the first and the dataset's
`conversation` field, which is hashed, a fingerprint of the second.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import click
import msgspec
from msgspec import to_builtins

from axolotl_replicate.termination import EXIT_FINDINGS, end_run, say
from dataset_tools import __version__
from dataset_tools.download_cache import cache_folder
from dataset_tools.errors import InputError
from dataset_tools.findings import Severity
from dataset_tools.lines import open_plain, read_batches
from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.lint.formats import FORMATS
from dataset_tools.lint.settings import GivenMark
from dataset_tools.output_files import replacing
from dataset_tools.parsing import parse_batch
from dataset_tools.recipe import NEEDS_LOSS_PLUGIN, DataSettings
from dataset_tools.records import Record, RecordFormat
from dataset_tools.rules import RULES
from dataset_tools.sources import SourceFile, fetch
from dataset_tools.tokens import TrainingFormat

LINE_KEY = "line"  # where a record stands in the user's file, so that messages can name it
WEIGHT_KEY = "weight"
SMALLEST_WEIGHT, LARGEST_WEIGHT = 1e-9, 1e9

NumberedRecord = tuple[int, Record]
Part = Literal["training", "validation"]


@dataclass(frozen=True, slots=True)
class StoredData:
    """Records stored as JSON Lines under the hash of their content."""

    path: Path
    records: int
    weightless: int  # how many of them have weight 0
    is_text: bool  # text records, rather than prompt/completion records
    training_format: TrainingFormat

    def as_axolotl_dataset(self, strategy: str, part: Part) -> dict[str, str]:
        """The entry for Axolotl's `datasets` or `test_datasets`."""
        return {
            "path": str(self.path),
            "ds_type": "json",
            "split": "train",  # the only one that a JSON file has
            "type": strategy,
            # one file may serve as both parts, which become different rows
            "conversation": f"{part}-{self.fingerprint}",
        }

    @property
    def fingerprint(self) -> str:
        """A hash of all that decides which tokens the records become."""
        parts = json.dumps([__version__, self.path.stem, to_builtins(self.training_format)])
        return sha256(parts.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What a run trains and validates on."""

    training: StoredData
    validation: StoredData | None
    held_out: bool  # whether the validation records came off the end of the training data

    def summary(self) -> str:
        """What was found, in one line."""
        records = self.training.records
        text = f"training on {records} record{'s' * (records != 1)}"
        if self.validation is None:
            return f"{text}, without validation"
        source = "held out from the end of train_data" if self.held_out else "of validation_data"
        return f"{text}, validating on {self.validation.records} {source}"


def prepare_training_data(settings: DataSettings, values: Mapping[str, Any]) -> TrainingData:
    """Fetch, lint and store the data a recipe names.

    Prints lint's report and raises SystemExit(1) where lint finds an error, before any model is
    loaded. Raises InputError where data cannot be had, or is too small to hold out from.
    """
    train_sources = fetch(settings.train_data or (), sha256=settings.train_data_sha256)
    validation_sources = (
        fetch(settings.validation_data)
        if settings.validation_data is not None and values["run_validation"]
        else []
    )
    formats = _lint([*train_sources, *validation_sources], settings)
    training = list(_read(train_sources, formats, weighted=settings.weighted))
    wanted = values["num_validation_samples"]
    if not values["run_validation"]:
        return TrainingData(_store(training, settings), None, held_out=False)
    if validation_sources:
        validation = list(_read(validation_sources, formats, weighted=settings.weighted))[:wanted]
        _check_measures_something(validation)
        return TrainingData(
            _store(training, settings), _store(validation, settings), held_out=False
        )
    if wanted >= len(training):
        raise InputError(
            f"num_validation_samples: {wanted} rows to hold out, and train_data has only "
            f"{len(training)}; lower it, give validation_data, or set run_validation: false"
        )
    _check_measures_something(training[-wanted:])
    return TrainingData(
        _store(training[:-wanted], settings), _store(training[-wanted:], settings), held_out=True
    )


def _check_measures_something(validation: Iterable[NumberedRecord]) -> None:
    if all(record.weight == 0 for _, record in validation):
        raise InputError(
            "validation data: every record has weight 0, so that nothing would be measured; give "
            "some a weight above 0, or set run_validation: false"
        )


def _lint(sources: Iterable[SourceFile], settings: DataSettings) -> dict[str, RecordFormat]:
    """Check for errors; returns the format of each file by its name."""
    lint_settings = LintSettings(
        separator=_recipe_mark(settings.separator),
        stop_sequence=_recipe_mark(settings.stop_sequence),
        rules=tuple(rule for rule in RULES.values() if rule.severity is Severity.ERROR),
    )
    report = LintReport()
    for source in sources:
        check_source(source, lint_settings, report)
    if report.counts:
        text = FORMATS["text"](report)
        say(text if sys.stderr.isatty() else click.unstyle(text))
        end_run("mend the data first; nothing was loaded or trained", EXIT_FINDINGS)
    for file in report.files:
        for key, mark in (("separator", file.separator), ("stop_sequence", file.stop_sequence)):
            if mark is not None and getattr(settings, key) is None:
                say(
                    f"axolotl-replicate: note: most rows of {file.path} carry the {key} {mark!r}, "
                    f"which the recipe does not name; set {key}: {json.dumps(mark)}"
                )
    formats = {file.path: file.format for file in report.files if file.format is not None}
    if len(set(formats.values())) > 1:
        named = ", ".join(f"{path} holds {kind} records" for path, kind in formats.items())
        raise InputError(f"{_data_keys(settings)}: {named}; expected one format in all")
    return formats


def _data_keys(settings: DataSettings) -> str:
    return "train_data" if settings.validation_data is None else "train_data and validation_data"


def _recipe_mark(text: str | None) -> GivenMark | None:
    return None if text is None else GivenMark(text, "recipe")


def _read(
    sources: Iterable[SourceFile], formats: Mapping[str, RecordFormat], *, weighted: bool
) -> Iterator[NumberedRecord]:
    for source in sources:
        with open_plain(source.path, source.name) as stream:
            for lines in read_batches(stream):
                for number, record in parse_batch(lines, formats[source.name]).records():
                    if record.weight != 1:
                        _check_weight(record.weight, f"{source.name}:{number}", weighted=weighted)
                    yield number, record


def _check_weight(weight: float, place: str, *, weighted: bool) -> None:
    if not weighted:
        raise InputError(f"{place}: weight {weight:g} {NEEDS_LOSS_PLUGIN}, or remove the key")
    if weight and not SMALLEST_WEIGHT <= weight <= LARGEST_WEIGHT:
        raise InputError(
            f"{place}: weight {weight:g}: expected 0, or a number from {SMALLEST_WEIGHT:g} to "
            f"{LARGEST_WEIGHT:g}, which training's arithmetic in float32 can add up"
        )


def _store(records: list[NumberedRecord], settings: DataSettings) -> StoredData:
    """Write the records under the hash of their content, unless they are there already."""
    lines = [
        # every row with a weight: a column that starts with absent values would be read as another
        # type than one that holds them
        msgspec.json.encode(
            {**record.as_json_object(), WEIGHT_KEY: record.weight, LINE_KEY: number}
        )
        for number, record in records
    ]
    content = b"\n".join([*lines, b""])
    folder = cache_folder() / "training-data"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{sha256(content).hexdigest()}.jsonl"
    if not path.exists():
        with replacing(path) as stream:
            stream.write(content)
    return StoredData(
        path,
        records=len(records),
        weightless=sum(record.weight == 0 for _, record in records),
        is_text=all(record.format == "text" for _, record in records),
        training_format=settings.training_format,
    )

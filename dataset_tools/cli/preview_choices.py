"""What a preview was asked for: the training format of each side, and the rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from dataset_tools.cli.options import available_cores, read_recipe
from dataset_tools.errors import InputError
from dataset_tools.findings import Finding
from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.lint.line_check import LineCheck
from dataset_tools.lint.settings import GivenMark, choose_rules
from dataset_tools.preview import Row, Rows, lengths
from dataset_tools.preview.rows import Extreme
from dataset_tools.printable import elided
from dataset_tools.progress import bytes_progress
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.recipe import NEEDS_LOSS_PLUGIN, DataSettings
from dataset_tools.records import Record
from dataset_tools.rules import FileContext
from dataset_tools.sources import SourceFile
from dataset_tools.tokenizer import ModelTokenizer, load_tokenizer
from dataset_tools.tokens import TrainingFormat

_DEFAULT_SEED = 42
_TOKEN_RULES = "DT5"
_LONG_FILE = 32 * 1024 * 1024  # bytes; lint takes one process for less
_FEWEST_FINDINGS = 1000  # several may be on one row


@dataclass(frozen=True, slots=True)
class Side:
    """A way to train: a recipe, or none, and the flags that win over it."""

    name: str
    training_format: TrainingFormat
    tokenizer: ModelTokenizer | None
    settings: DataSettings | None
    separator: GivenMark | None
    stop_sequence: GivenMark | None
    notes: tuple[str, ...] = ()

    @classmethod
    def read(
        cls,
        recipe: Path | None,
        separator: str | None,
        stop_sequence: str | None,
        chunk_size: int | None,
        tokenizer: str | None,
        *,
        needs_tokenizer: bool = False,
    ) -> "Side":
        """Read the recipe and load the tokenizer.

        Raises InputError for either; only a recipe's own tokenizer may be missing, with a note,
        unless `needs_tokenizer`.
        """
        settings = read_recipe(recipe)
        base = settings.training_format if settings else TrainingFormat()
        marks = base.prompt_format
        loaded, notes = _tokenizer(tokenizer, settings, needs_tokenizer=needs_tokenizer)
        return cls(
            name="no recipe" if recipe is None else str(recipe),
            training_format=replace(
                base,
                prompt_format=PromptFormat(
                    marks.separator if separator is None else separator,
                    marks.stop_sequence if stop_sequence is None else stop_sequence,
                ),
                chunk_size=chunk_size or base.chunk_size,
            ),
            tokenizer=loaded,
            settings=settings,
            separator=_mark(separator, settings.separator if settings else None),
            stop_sequence=_mark(stop_sequence, settings.stop_sequence if settings else None),
            notes=notes,
        )


def _mark(flag: str | None, from_recipe: str | None) -> GivenMark | None:
    if flag is not None:
        return GivenMark(flag, "flag")
    return None if from_recipe is None else GivenMark(from_recipe, "recipe")


def _tokenizer(
    name: str | None, settings: DataSettings | None, *, needs_tokenizer: bool
) -> tuple[ModelTokenizer | None, tuple[str, ...]]:
    """The tokenizer asked for, or the recipe's where it is at hand; and what to tell of it."""
    special_tokens = settings.special_tokens if settings else {}
    chosen = name or (settings.tokenizer if settings else None)
    if chosen is None:
        return None, ()
    try:
        tokenizer = load_tokenizer(chosen, special_tokens)
    except InputError as error:
        if name is not None or needs_tokenizer:
            raise
        return None, (f"text only, without tokens: {error}",)
    notes = []
    if tokenizer.assumption is not None:
        notes.append(f"{chosen}: {tokenizer.assumption}")
    if tokenizer.encode_with_spans("a")[1] is None:
        notes.append(
            f"{chosen}: a slow tokenizer, which does not tell where in the text its tokens stand; "
            "they are shown apart from it"
        )
    return tokenizer, tuple(notes)


def lint_settings(side: Side) -> LintSettings:
    """Lint's settings for the side's data; a mark that nobody gave is inferred."""
    return LintSettings(
        separator=side.separator,
        stop_sequence=side.stop_sequence,
        tokenizer=side.tokenizer,
        training_format=side.training_format,
    )


def chosen_rows(
    source: SourceFile,
    rows: Rows,
    check: LineCheck,
    side: Side,
    flags: Mapping[str, Any],
    *,
    quiet: bool,
) -> Iterator[tuple[Row, list[Finding]]]:
    """The rows asked for, each with the findings that led to it."""
    count = flags["rows"] or 1
    if flags["code"] is not None:
        yield from _rows_with(flags["code"], count, source, rows, side, quiet=quiet)
        return
    if flags["row"] is not None:
        chosen: Any = [rows.at(flags["row"])]
    elif flags["sample"] is not None:
        seed = _DEFAULT_SEED if flags["seed"] is None else flags["seed"]
        chosen = rows.sample(flags["sample"], seed)
    elif flags["longest"] or flags["shortest"]:
        measure: lengths.Measure = lengths.characters
        if side.tokenizer is not None:
            measure = lengths.tokens(side.training_format.prompt_format, side.tokenizer)
        with bytes_progress(source.name, source.path, quiet=quiet) as advance:
            which: Extreme = "longest" if flags["longest"] else "shortest"
            chosen = rows.extreme(which, count, check.context.record_format, measure, advance)
    else:
        chosen = rows.first(count)
    for row in chosen:
        yield row, []


def _rows_with(
    code: str, count: int, source: SourceFile, rows: Rows, side: Side, *, quiet: bool
) -> Iterator[tuple[Row, list[Finding]]]:
    if code.strip().upper().startswith(_TOKEN_RULES) and side.tokenizer is None:
        raise InputError(
            f"--code {code}: tokens are counted with a tokenizer only; give --tokenizer, or a "
            "--recipe that names a base_model"
        )
    settings = replace(
        lint_settings(side),
        rules=choose_rules([code]),
        max_findings=max(_FEWEST_FINDINGS, count * 10),
    )
    report = LintReport()
    jobs = available_cores() if source.path.stat().st_size > _LONG_FILE else 1
    with bytes_progress(source.name, source.path, quiet=quiet) as advance:
        check_source(source, settings, report, advance, jobs=jobs)
    by_line: dict[int, list[Finding]] = {}
    for finding in report.findings:
        by_line.setdefault(finding.line, []).append(finding)
    if not by_line:
        raise InputError(f"{source.name}: lint finds no {code.strip().upper()} in it")
    for line in sorted(by_line)[:count]:
        yield rows.at(line), by_line[line]


def with_findings(check: LineCheck, row: Row, found: list[Finding]) -> tuple[Finding, ...]:
    """What lint says of the row alone, and the findings that led to it."""
    alone = check.findings(row.number, row.start)
    return tuple(sorted([*alone, *(each for each in found if each not in alone)],
                        key=lambda each: each.sort_key))  # fmt: skip


def mark_note(path: str, context: FileContext, side: Side) -> str | None:
    """Tell of a mark that most rows carry and nobody named: it is shown as part of the text."""
    told = []
    for name, mark, trained in (
        ("separator", context.separator, side.training_format.prompt_format.separator),
        ("stop-sequence", context.stop_sequence, side.training_format.prompt_format.stop_sequence),
    ):
        if mark is not None and mark.origin == "inferred" and mark.text != trained:
            told.append(f"the {name.replace('-', ' ')} {elided(mark.text)!r} (--{name})")
    if not told:
        return None
    return f"most rows of {path} carry {' and '.join(told)}, not given here"


def notes_on(record: Record, row: Row, rows: Rows, side: Side) -> Iterator[str]:
    """What keeps the record from training as it is shown."""
    held_out = side.settings.held_out if side.settings is not None else 0
    if held_out and rows.is_held_out(row, held_out):
        yield (
            f"held out for validation, never trained on: one of the last {held_out} records "
            "(num_validation_samples)"
        )
    if side.settings is not None and not side.settings.weighted and record.weight != 1:
        yield f"training refuses this record: weight {record.weight:g} {NEEDS_LOSS_PLUGIN}"

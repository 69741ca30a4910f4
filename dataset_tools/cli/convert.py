"""`dataset-tools convert`: tables of any kind become training data."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import click

from dataset_tools.cli.convert_options import GROUPS, convert_options
from dataset_tools.cli.grouped_help import GroupedCommand
from dataset_tools.cli.outputs import STANDARD_OUTPUT, check_output
from dataset_tools.convert.chat.template import load_chat_template
from dataset_tools.convert.conversion import Conversion, Outcome, convert_table
from dataset_tools.convert.readers import open_table
from dataset_tools.convert.record_file import record_file, write_records
from dataset_tools.convert.shapes import ShapeChoices
from dataset_tools.convert.shapes.shape import Turns
from dataset_tools.convert.table import ReadOptions, SampleBy
from dataset_tools.convert.values import MissingPolicy
from dataset_tools.errors import InputError
from dataset_tools.home_folder import with_home
from dataset_tools.lines import open_plain
from dataset_tools.lint import LintSettings
from dataset_tools.lint.survey import survey
from dataset_tools.printable import printable
from dataset_tools.progress import rows_progress
from dataset_tools.prompt_format import DEFAULT_SEPARATOR
from dataset_tools.records import Record, RecordFormat
from dataset_tools.sources import SourceFile, display_name, fetch
from dataset_tools.sources.hub_location import PREFIX, parse_hub_location
from dataset_tools.sources.progress import hidden_downloads

OTHER_SUFFIXES = frozenset({".csv", ".tsv", ".xlsx", ".parquet", ".txt"})


@click.command(name="convert", cls=GroupedCommand, groups=GROUPS)
@click.argument("source", metavar="INPUT")
@convert_options
def command(
    source: str,
    output: str,
    format_name: str | None,
    target: RecordFormat | None,
    prompt: str | None,
    completion: str | None,
    text: str | None,
    weight: str | None,
    separator: str | None,
    stop_sequence: str,
    missing: MissingPolicy,
    is_strict: bool,
    turns: Turns,
    chat_template: str,
    chosen_only: bool,
    split: str | None,
    configuration: str | None,
    sheet: str | None,
    delimiter: str | None,
    quote_character: str | None,
    encoding: str | None,
    has_header: bool,
    sample_by: SampleBy,
    limit: int | None,
    bom: bool,
    force: bool,
    quiet: bool,
) -> None:
    """Make training data of a table: CSV, TSV, XLSX, Parquet, JSON, JSONL, TXT, a dataset.

    INPUT is a file (.gz and .zst are unpacked), the folder of a saved Hugging Face dataset, - for
    standard input, or a location in an http(s)://, s3://, gs://, az:// or hf://datasets/ source.

    T is a column's name, a template with {column} in it ({{ and }} for braces), or @FILE for a
    template in a file. Without templates the shape of the data is recognised by its columns, and
    named: instruction/input/output, question/answer, messages, conversations and others
    (docs/convert.md). Values stay as they are: 007, NA and 1e5 in a CSV file are texts.

    \b
    Examples:
      dataset-tools convert data.csv -o data.jsonl
      dataset-tools convert data.csv -o data.jsonl --prompt question --completion ' {answer}'
      dataset-tools convert reviews.xlsx -o data.jsonl --prompt text --completion ' {label}'
      dataset-tools convert faq.tsv -o data.jsonl --separator '\\n##\\n' --stop-sequence ' END'
      dataset-tools convert chats.jsonl -o data.jsonl --turns each
      dataset-tools convert samsum.parquet -o data.jsonl --text @template.txt
      dataset-tools convert hf://datasets/OWNER/NAME -o data.jsonl --split train
    """
    conversion = Conversion(
        prompt=prompt,
        completion=completion,
        text=text,
        weight=weight,
        target=target,
        separator=separator,
        stop_sequence=stop_sequence,
        choices=ShapeChoices(missing, turns, load_chat_template(chat_template), chosen_only),
        is_strict=is_strict,
        limit=limit,
    )
    options = ReadOptions(
        delimiter=delimiter,
        quote_character=quote_character,
        encoding=encoding,
        has_header=has_header,
        sheet=sheet,
        split=split,
        configuration=configuration,
        sample_by=sample_by,
    )
    with hidden_downloads(quiet):
        sources = _sources(source, options, limit)
    run = _Run(conversion, options, format_name, quiet)
    if output == STANDARD_OUTPUT:
        write_records(run.records(sources), sys.stdout.buffer, bom=bom)
    else:
        path = with_home(output)
        check_output(path, [each.path for each in sources], force=force)
        if path.suffix.lower() in OTHER_SUFFIXES:
            raise InputError(f"{path}: the output is JSON Lines; end its name in .jsonl")
        with record_file(path) as stream:
            write_records(run.records(sources), stream, bom=bom)
        run.tell_of_marks(path)
    run.tell(output)


class _Run:
    """The files of one run, through one conversion; what is said of it goes to standard error."""

    def __init__(
        self, conversion: Conversion, options: ReadOptions, format_name: str | None, quiet: bool
    ) -> None:
        self.conversion = conversion
        self.options = options
        self.format_name = format_name
        self.quiet = quiet
        self.outcome = Outcome()

    def records(self, sources: list[SourceFile]) -> Iterator[Record]:
        """The records of all files, in order."""
        for source in sources:
            with ExitStack() as stack:
                table = stack.enter_context(open_table(source, self.format_name, self.options))
                for note in table.notes:
                    self._say(f"note: {source.name}: {note}")
                counted = stack.enter_context(
                    rows_progress(source.name, table.bytes_read, table.size, quiet=self.quiet)
                )
                table = replace(table, rows=iter(counted(table.rows)))
                yield from convert_table(table, self.conversion, self.outcome)
        if not self.outcome.records:
            raise InputError(
                f"none of the {_counted(self.outcome.rows, 'row')} can be a record; the first: "
                f"{self.outcome.examples[0]}"
            )

    def tell(self, output: str) -> None:
        """Say what became of the rows."""
        outcome = self.outcome
        for reason in outcome.examples:
            self._say(f"skipped: {reason}")
        if outcome.skipped > len(outcome.examples):
            self._say(f"skipped: {outcome.skipped - len(outcome.examples):,} more rows")
        if keys := ", ".join(self._recipe_keys()):
            self._say(f"note: made for a recipe with {keys}")
        if outcome.unused_weights:
            self._say("note: column 'weight' is left out; --weight weight gives it to the records")
        shape = f", recognised as {' and '.join(outcome.shapes)}" if outcome.shapes else ""
        skipped = f", {outcome.skipped:,} skipped" if outcome.skipped else ""
        self._say(
            f"{output}: {_counted(outcome.records, 'record')} "
            f"of {_counted(outcome.rows, 'row')}{skipped}{shape}"
        )

    def tell_of_marks(self, output: Path) -> None:
        """Say which marks most records carry already, and some lack; lint would name those."""
        if self.quiet or not output.is_file():
            return
        with open_plain(output, str(output)) as stream:
            size = os.fstat(stream.fileno()).st_size
            context = survey(stream, size, LintSettings(rules=())).context
        for mark, flag in (
            (context.separator, "--separator"),
            (context.stop_sequence, "--stop-sequence"),
        ):
            if mark is not None and mark.share < 1:
                self._say(
                    f"note: {mark.share:.1%} of the records carry {mark.text!r} at the end of "
                    f"their {'prompts' if flag == '--separator' else 'completions'}, the others "
                    f"don't; {flag} gives it to all"
                )

    def _recipe_keys(self) -> Iterator[str]:
        """The recipe's keys that must be other than they are by default."""
        if self.conversion.target != "text" and self.outcome.separator != DEFAULT_SEPARATOR:
            yield f"separator: {json.dumps(self.outcome.separator)}"
        if self.conversion.stop_sequence:
            yield f"stop_sequence: {json.dumps(self.conversion.stop_sequence)}"

    def _say(self, line: str) -> None:
        if not self.quiet:
            click.echo(printable(line), err=True)


def _sources(location: str, options: ReadOptions, limit: int | None) -> list[SourceFile]:
    """The files to read; a folder is one, since it holds a saved dataset."""
    path = with_home(location)
    if location and path.is_dir():
        return [SourceFile(location, path)]
    if location.lower().startswith(PREFIX):
        place = parse_hub_location(location)
        location = str(place.narrowed(options.configuration, options.split))
    elif options.split or options.configuration:
        raise InputError(
            f"{display_name(location)}: --split and --name are for datasets: a folder, or "
            f"{PREFIX}OWNER/NAME"
        )
    return fetch(location, limit=limit)


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"

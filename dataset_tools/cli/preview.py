"""`dataset-tools preview`: records as the trainer will see them."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dataset_tools.cli.grouped_help import GroupedCommand
from dataset_tools.cli.html_output import check_page, write_page
from dataset_tools.cli.options import chosen_sources, wants_color
from dataset_tools.cli.preview_choices import (
    Side,
    chosen_rows,
    lint_settings,
    mark_note,
    notes_on,
    with_findings,
)
from dataset_tools.cli.preview_options import GROUPS, check_combination, preview_options
from dataset_tools.errors import InputError
from dataset_tools.lines import open_plain
from dataset_tools.lint.line_check import LineCheck
from dataset_tools.preview import (
    RecordView,
    RejectedLine,
    Row,
    Rows,
    comparison,
    json_lines,
    view_record,
)
from dataset_tools.sources import SourceFile
from dataset_tools.sources.progress import hidden_downloads

if TYPE_CHECKING:
    from rich.console import Console

_PACKS_SHOWN = 10


@click.command(name="preview", cls=GroupedCommand, groups=GROUPS)
@click.argument("path", required=False)
@preview_options
def command(
    path: str | None,
    recipe: Path | None,
    separator: str | None,
    stop_sequence: str | None,
    chunk_size: int | None,
    tokenizer: str | None,
    format_name: str,
    quiet: bool,
    no_color: bool,
    **flags: Any,
) -> None:
    """Show records as the trainer will see them.

    PATH is a file, - for standard input, or a location in an http(s)://, s3://, gs://, az:// or
    hf://datasets/ source (docs/sources.md). Prompt, separator, completion and stop sequence are
    told apart; with a tokenizer each token is shown with the weight of its loss, and what
    chunk_size cuts off. Beneath stand lint's findings for the row, and what to send at inference.
    Without a recipe the separator is a newline. docs/preview.md explains the picture.

    A row that holds no record is shown as it stands. The exit code is 0 whatever is found in the
    data: it has been shown, and judging it is lint's business. It is 2 for misuse, a row that is
    not there, and data that cannot be read.

    \b
    Examples:
      dataset-tools preview data.jsonl
      dataset-tools preview data.jsonl --row 17 --separator '\\n##\\n'
      dataset-tools preview --recipe recipes/llama2-samsum.yaml --rows 3
      dataset-tools preview data.jsonl --code DT301 --rows 5
      dataset-tools preview data.jsonl --sample 3 --seed 1 --tokenizer path/to/model
      dataset-tools preview --recipe recipe.yaml --packs
      dataset-tools preview data.jsonl --recipe a.yaml --compare b.yaml
      dataset-tools preview data.jsonl --tokenizer path/to/model --format json
    """
    check_combination(flags)
    first = Side.read(
        recipe, separator, stop_sequence, chunk_size, tokenizer, needs_tokenizer=flags["packs"]
    )
    sides = [first]
    if flags["compare"] is not None:
        second = flags["compare"]
        sides.append(Side.read(second, separator, stop_sequence, chunk_size, tokenizer))
    if not quiet:
        for note in dict.fromkeys(note for side in sides for note in side.notes):
            _say(note)
    with hidden_downloads(quiet):
        sources = chosen_sources((path,) if path else (), first.settings)
    page = flags["html"]
    inputs = [*(source.path for source in sources), recipe]
    check_page(page, inputs, format_name, draws=False, force=flags["force"])
    if flags["packs"]:
        _show_packs(sources, first, flags["rows"] or _PACKS_SHOWN, format_name, no_color, quiet)
        return
    if len(sources) > 1 and not quiet:
        _say(f"the first of {len(sources)} files is shown; name another as PATH")
    if page is not None:
        _write_page(page, sources[0], first, flags, quiet)
    else:
        _show_rows(sources[0], sides, flags, format_name, no_color, quiet)


def _write_page(
    page: Path, source: SourceFile, side: Side, flags: dict[str, Any], quiet: bool
) -> None:
    from dataset_tools.html_pages.preview_page import MOST_RECORDS, render_preview

    with open_plain(source.path, source.name) as stream:
        rows = Rows(source.name, stream)
        check = LineCheck(source.name, stream, lint_settings(side))
        chosen = chosen_rows(source, rows, check, side, flags, quiet=quiet)
        views = [
            _view(rows, row, side, with_findings(check, row, found))
            for row, found in islice(chosen, MOST_RECORDS + 1)  # one more tells that there are more
        ]
        notes = [
            *side.notes,
            *filter(None, [mark_note(source.name, check.context, side), _passed_over(rows)]),
        ]
    write_page(
        page,
        render_preview(source.name, views, notes),
        f"{min(len(views), MOST_RECORDS):,} row{'s' * (len(views) != 1)}",
        quiet=quiet,
    )


def _show_rows(
    source: SourceFile,
    sides: list[Side],
    flags: dict[str, Any],
    format_name: str,
    no_color: bool,
    quiet: bool,
) -> None:
    console = None if format_name == "json" else _console(no_color)
    with open_plain(source.path, source.name) as stream:
        rows = Rows(source.name, stream)
        checks = [LineCheck(source.name, stream, lint_settings(side)) for side in sides]
        note = mark_note(source.name, checks[0].context, sides[0])
        if note and not quiet:
            _say(note)
        for row, found in chosen_rows(source, rows, checks[0], sides[0], flags, quiet=quiet):
            views = [
                _view(rows, row, side, with_findings(check, row, found))
                for side, check in zip(sides, checks, strict=True)
            ]
            _show(views, tuple(side.name for side in sides), console)
        passed_over = _passed_over(rows)
        if passed_over and not quiet:
            _say(passed_over)


def _passed_over(rows: Rows) -> str | None:
    """Tell of lines that were met among those asked for and hold no record."""
    passed = rows.passed_over
    if not passed:
        return None
    return (
        f"{rows.name}: {len(passed)} line{'s' * (len(passed) > 1)} without a record "
        f"passed over, line {passed[0]} the first: --row {passed[0]} shows it"
    )


def _view(rows: Rows, row: Row, side: Side, findings: tuple[Any, ...]) -> RecordView | RejectedLine:
    if row.record is None:
        return RejectedLine(rows.name, row.number, row.content, findings)
    return view_record(
        rows.name,
        row.number,
        row.record,
        side.training_format,
        side.tokenizer,
        findings,
        tuple(notes_on(row.record, row, rows, side)),
    )


def _show(
    views: list[RecordView | RejectedLine], names: tuple[str, ...], console: "Console | None"
) -> None:
    records = [view for view in views if isinstance(view, RecordView)]
    if len(records) == 2:
        pair, named = (records[0], records[1]), (names[0], names[1])
        if console is None:
            click.echo(json.dumps(comparison.as_json_object(named, pair)))
        else:
            from dataset_tools.preview import comparison_terminal

            comparison_terminal.show(named, pair, console)
    elif console is None:
        click.echo(json_lines.render(views[0]))
    else:
        from dataset_tools.preview import terminal

        terminal.show(views[0], console)


def _show_packs(
    sources: list[SourceFile], side: Side, most: int, format_name: str, no_color: bool, quiet: bool
) -> None:
    from dataset_tools.preview import packs

    if side.tokenizer is None:
        raise InputError(
            "--packs: tokens are counted with a tokenizer only; give --tokenizer, or a --recipe "
            "that names a base_model"
        )
    held_out = side.settings.held_out if side.settings else 0
    made = packs.make_packs(sources, side.training_format, side.tokenizer, held_out, quiet=quiet)
    if format_name == "json":
        click.echo(json.dumps(packs.as_json_object(made, most)))
        return
    from dataset_tools.preview import packs_terminal

    packs_terminal.show(made, most, _console(no_color), list(_pack_notes(made, side, held_out)))


def _pack_notes(made: Any, side: Side, held_out: int) -> Iterator[str]:
    if not side.training_format.packs:
        yield "nothing asks for packing; these are the packs of pack_sequences: true"
    if side.training_format.on_too_long == "error" and made.dropped:
        yield "training refuses data with records too long for it (on_too_long: error)"
    if held_out and not made.held_out:
        yield (
            f"num_validation_samples: {held_out} to hold out, and there are only "
            f"{made.sequences.records} records; training refuses that, and none is left out here"
        )


def _console(no_color: bool) -> "Console":
    from dataset_tools.preview.terminal import Terminal

    return Terminal(color=wants_color(no_color))


def _say(note: str) -> None:
    from dataset_tools.printable import printable

    click.echo(f"note: {printable(note)}", err=True)

"""`dataset-tools preview`: records as the trainer will see them."""

from dataclasses import replace
from pathlib import Path

import click

from dataset_tools.cli.options import (
    chosen_sources,
    color_option,
    mark_options,
    read_recipe,
    wants_color,
)
from dataset_tools.errors import InputError
from dataset_tools.preview import RecordView, RowChoice, json_lines, read_rows, view_record
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.recipe import DataSettings
from dataset_tools.tokenizer import ModelTokenizer, load_tokenizer
from dataset_tools.tokens import TrainingFormat


@click.command(name="preview")
@click.argument("path", required=False)
@mark_options("the recipe's, else Replicate's")
@click.option("--row", type=click.IntRange(min=1), help="Only this row: a line number, from 1.")
@click.option(
    "--rows",
    type=click.IntRange(min=1),
    help="The first so many records. Default: 1.",
)
@click.option("--tokenizer", help="Show tokens of this tokenizer: a model folder or a hub name.")
@click.option(
    "--chunk-size",
    type=click.IntRange(min=4),
    help="Tokens a sequence may have. Default: the recipe's, or 2048.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or one JSON object a sequence.",
)
@color_option
def command(
    path: str | None,
    recipe: Path | None,
    separator: str | None,
    stop_sequence: str | None,
    row: int | None,
    rows: int | None,
    tokenizer: str | None,
    chunk_size: int | None,
    format_name: str,
    no_color: bool,
) -> None:
    """Show records as the trainer will see them.

    PATH is a file, - for standard input, or a location in an http(s)://, s3://, gs://, az:// or
    hf://datasets/ source (docs/sources.md). Prompt, separator, completion and stop sequence are
    told apart; with a tokenizer, so are the tokens that are trained and those that are masked.
    Without a recipe the separator is a newline.

    \b
    Examples:
      dataset-tools preview data.jsonl
      dataset-tools preview data.jsonl --row 17 --separator '\\n##\\n'
      dataset-tools preview --recipe recipes/llama2-samsum.yaml --rows 3
      dataset-tools preview data.jsonl --tokenizer path/to/model --format json
    """
    if row is not None and rows is not None:
        raise InputError("--row and --rows: give one of them")
    settings = read_recipe(recipe)
    training_format = _training_format(settings, separator, stop_sequence, chunk_size)
    model_tokenizer = _tokenizer(tokenizer, settings)
    source = chosen_sources((path,) if path else (), settings)[0]
    for number, record in read_rows(source, RowChoice(row=row, count=rows or 1)):
        try:
            view = view_record(source.name, number, record, training_format, model_tokenizer)
        except InputError as error:
            raise InputError(f"{source.name}:{number}: {error}") from error
        _show(view, format_name, wants_color(no_color))


def _training_format(
    settings: DataSettings | None,
    separator: str | None,
    stop_sequence: str | None,
    chunk_size: int | None,
) -> TrainingFormat:
    base = settings.training_format if settings else TrainingFormat()
    marks = base.prompt_format
    return replace(
        base,
        prompt_format=PromptFormat(
            marks.separator if separator is None else separator,
            marks.stop_sequence if stop_sequence is None else stop_sequence,
        ),
        chunk_size=chunk_size or base.chunk_size,
    )


def _tokenizer(name: str | None, settings: DataSettings | None) -> ModelTokenizer | None:
    """The tokenizer asked for, or the recipe's where it is at hand."""
    special_tokens = settings.special_tokens if settings else {}
    if name is not None:
        tokenizer = load_tokenizer(name, special_tokens)
        if tokenizer.assumption is not None:
            click.echo(f"note: {name}: {tokenizer.assumption}", err=True)
        return tokenizer
    if settings is None or settings.tokenizer is None:
        return None
    try:
        return load_tokenizer(settings.tokenizer, special_tokens)
    except InputError as error:
        click.echo(f"note: text only, without tokens: {error}", err=True)
        return None


def _show(view: RecordView, format_name: str, color: bool) -> None:
    if format_name == "json":
        click.echo(json_lines.render(view))
        return
    from rich.console import Console

    from dataset_tools.preview import terminal

    terminal.show(view, Console(no_color=not color, highlight=False, markup=False))

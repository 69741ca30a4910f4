"""`dataset-tools stats`: counts, lengths, classes, and what training makes of the data."""

import shutil
import sys
from pathlib import Path
from typing import cast

import click
from msgspec.structs import replace

from dataset_tools.cli.html_output import check_page, html_option, write_page
from dataset_tools.cli.options import (
    BYTES_A_PROCESS,
    chosen_sources,
    color_option,
    mark_options,
    sensible_jobs,
    wants_color,
)
from dataset_tools.cli.outputs import check_report, report_file
from dataset_tools.configuration_keys import SMALLEST_CHUNK
from dataset_tools.errors import InputError
from dataset_tools.lint.settings import GivenMark
from dataset_tools.output_files import replacing
from dataset_tools.progress import bytes_progress
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.recipe import DataSettings, data_settings, load_recipe
from dataset_tools.recipe_keys import check_names, resolve_aliases
from dataset_tools.sources import SourceFile
from dataset_tools.sources.progress import hidden_downloads
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
from dataset_tools.tokenizer import ModelTokenizer, load_tokenizer
from dataset_tools.tokens import TrainingFormat

TOKENIZED_BYTES_A_PROCESS = BYTES_A_PROCESS // 16  # counting tokens takes so much longer


@click.command(name="stats")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@mark_options("the recipe's, else inferred from the data")
@click.option(
    "--tokenizer",
    metavar="NAME",
    help="Count tokens with this tokenizer: a model folder or a hub name. Default: the recipe's; "
    "else they are estimated.",
)
@click.option(
    "--chunk-size",
    type=click.IntRange(min=SMALLEST_CHUNK),
    metavar="N",
    help="Tokens a sequence may have. Default: the recipe's, or 2048.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or one JSON object.",
)
@click.option(
    "--output-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the report here instead of to standard output.",
)
@html_option
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes to count with. Default: one for each core, fewer for small files.",
)
@click.option("--quiet", "-q", is_flag=True, help="No progress bars, no notes.")
@color_option
def command(
    paths: tuple[str, ...],
    recipe: Path | None,
    separator: str | None,
    stop_sequence: str | None,
    tokenizer: str | None,
    chunk_size: int | None,
    format_name: str,
    output_file: Path | None,
    html: Path | None,
    force: bool,
    jobs: int | None,
    quiet: bool,
    no_color: bool,
) -> None:
    """Count records, characters and tokens, and tell what training makes of them.

    PATH is a file, a glob, - for standard input, or a location in an http(s)://, s3://, gs://,
    az:// or hf://datasets/ source (docs/sources.md). All files count as one set of data. What each
    figure means, and the fields of the JSON, is in docs/stats.md.

    With a recipe, the records it holds out for validation are left out of what is trained, and the
    steps of an epoch are told. Without a tokenizer, tokens are estimated, and said to be.

    \b
    Examples:
      dataset-tools stats data.jsonl
      dataset-tools stats data.jsonl --tokenizer path/to/model --chunk-size 1024
      dataset-tools stats --recipe recipes/llama2-samsum.yaml
      dataset-tools stats 'data/*.jsonl' --format json --output-file stats.json
      dataset-tools stats data.jsonl --html stats.html
    """
    run = _Run(recipe, quiet=quiet)
    settings = run.settings(separator, stop_sequence, chunk_size, tokenizer)
    with hidden_downloads(quiet):
        sources = chosen_sources(paths, run.data_settings)
    inputs = [*(source.path for source in sources), recipe]
    if html is not None and output_file is not None:
        raise InputError("--html and --output-file: give one of them")
    check_page(html, inputs, format_name, draws=True, force=force)
    output_file = report_file(output_file)
    if output_file is not None:
        check_report("--output-file", output_file, inputs)
    data = DataPartial(settings.steps.held_out if settings.steps else 0)
    files = []
    for source in sources:
        with bytes_progress(source.name, source.path, quiet=quiet) as advance:
            files.append(
                gather(source, settings, data, advance, jobs=jobs or _jobs(source, settings))
            )
    report = summarize(files, data, settings)
    if html is not None:
        _write_page(html, report, sources, settings, jobs, quiet=quiet)
    else:
        _write(report, format_name, output_file, color=wants_color(no_color))


class _Run:
    """The recipe of a run, read once, and the settings it makes with the flags."""

    def __init__(self, path: Path | None, *, quiet: bool) -> None:
        self.quiet = quiet
        self.data_settings: DataSettings | None = None
        self.steps: StepSettings | None = None
        if path is None:
            return
        recipe = load_recipe(path)
        try:
            resolve_aliases(recipe)
            check_names(recipe)
            self.data_settings = data_settings(recipe)
            self.steps = step_settings(recipe)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error

    def settings(
        self,
        separator: str | None,
        stop_sequence: str | None,
        chunk_size: int | None,
        tokenizer_name: str | None,
    ) -> StatsSettings:
        """What the flags say and, where they are silent, the recipe."""
        recipe = self.data_settings
        base = recipe.training_format if recipe else TrainingFormat()
        marks = base.prompt_format
        name, tokenizer = self._tokenizer(tokenizer_name)
        return StatsSettings(
            separator=_mark(separator, recipe.separator if recipe else None),
            stop_sequence=_mark(stop_sequence, recipe.stop_sequence if recipe else None),
            training_format=replace(
                base,
                prompt_format=PromptFormat(
                    marks.separator if separator is None else separator,
                    marks.stop_sequence if stop_sequence is None else stop_sequence,
                ),
                chunk_size=chunk_size or base.chunk_size,
            ),
            marks_are_settled=recipe is not None,
            tokenizer=tokenizer,
            tokenizer_name=name,
            steps=self.steps,
        )

    def _tokenizer(self, name: str | None) -> tuple[str | None, ModelTokenizer | None]:
        """The tokenizer asked for, or the recipe's where it is at hand."""
        recipe = self.data_settings
        chosen = name or (recipe.tokenizer if recipe else None)
        if chosen is None:
            return None, None
        try:
            tokenizer = load_tokenizer(chosen, recipe.special_tokens if recipe else {})
        except InputError as error:
            if name is not None:
                raise
            self._say(f"note: tokens are estimated: {error}")
            return None, None
        if tokenizer.assumption is not None:
            self._say(f"note: {chosen}: {tokenizer.assumption}")
        return chosen, tokenizer

    def _say(self, line: str) -> None:
        if not self.quiet:
            click.echo(line, err=True)


def _mark(flag: str | None, from_recipe: str | None) -> GivenMark | None:
    if flag is not None:
        return GivenMark(flag, "flag")
    return None if from_recipe is None else GivenMark(from_recipe, "recipe")


def _jobs(source: SourceFile, settings: StatsSettings) -> int:
    counts_tokens = settings.tokenizer is not None
    return sensible_jobs(
        source.path, TOKENIZED_BYTES_A_PROCESS if counts_tokens else BYTES_A_PROCESS
    )


def _write(report: StatsReport, format_name: str, output_file: Path | None, *, color: bool) -> None:
    if output_file is not None:
        text = json_format.render(report) if format_name == "json" else _plain(report)
        with replacing(output_file) as stream:
            stream.write(f"{text}\n".encode())
        click.echo(f"{report.records:,} records: written to {output_file}", err=True)
    elif format_name == "json":
        click.echo(json_format.render(report))
    else:
        click.echo(_for_standard_output(report, color=color), color=color)


def _write_page(
    page: Path,
    report: StatsReport,
    sources: list[SourceFile],
    settings: StatsSettings,
    jobs: int | None,
    *,
    quiet: bool,
) -> None:
    """Write the report with what lint finds in the same files, which are read once more for it."""
    from dataset_tools.html_pages.stats_page import render_stats
    from dataset_tools.lint import LintReport, LintSettings, check_source

    lint_settings = LintSettings(
        separator=settings.separator,
        stop_sequence=settings.stop_sequence,
        max_findings=1,  # of a code: the page names the first
        tokenizer=cast("ModelTokenizer | None", settings.tokenizer),  # which this run has loaded
        training_format=settings.training_format,
    )
    found = LintReport()
    for source in sources:
        with bytes_progress(source.name, source.path, quiet=quiet) as advance:
            check_source(
                source, lint_settings, found, advance, jobs=jobs or _jobs(source, settings)
            )
    write_page(page, render_stats(report, found), f"{report.records:,} records", quiet=quiet)


def _plain(report: StatsReport) -> str:
    from dataset_tools.stats.formats import text_format

    return text_format.render(report)


def _for_standard_output(report: StatsReport, *, color: bool) -> str:
    from dataset_tools.stats.formats import text_format

    return text_format.render(
        report,
        shutil.get_terminal_size((text_format.PLAIN_WIDTH, 0)).columns,  # COLUMNS comes first
        color=color,
        has_unicode=sys.stdout is not None and sys.stdout.encoding.lower().startswith("utf"),
    )

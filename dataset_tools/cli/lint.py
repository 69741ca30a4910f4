"""`dataset-tools lint`: check data files."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from dataset_tools.cli import EXIT_FINDINGS, drop_unwritable_output
from dataset_tools.cli.grouped_help import GroupedCommand
from dataset_tools.cli.lint_choices import (
    Choices,
    chosen_configuration,
    run_settings,
    settings_for,
)
from dataset_tools.cli.lint_options import GROUPS, given_flags, lint_options
from dataset_tools.cli.options import (
    chosen_sources,
    naming_recipe_key,
    read_recipe,
    sensible_jobs,
    wants_color,
)
from dataset_tools.cli.outputs import check_report, report_file
from dataset_tools.errors import InputError, UnreadableDataError
from dataset_tools.findings import Severity
from dataset_tools.lines import reading
from dataset_tools.lint import LintReport, check_source
from dataset_tools.lint.baseline import write_baseline
from dataset_tools.lint.formats import default_format, render
from dataset_tools.lint.formats.text_format import summary_line
from dataset_tools.output_files import replacing
from dataset_tools.progress import bytes_progress
from dataset_tools.recipe import DataSettings
from dataset_tools.sources import SourceFile, fetch
from dataset_tools.sources.progress import hidden_downloads


@click.command(name="lint", cls=GroupedCommand, groups=GROUPS)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@lint_options
def command(
    paths: tuple[str, ...],
    config: Path | None,
    no_config: bool,
    quiet: bool,
    no_color: bool,
    **flags: Any,
) -> None:
    """Check training data, line by line.

    PATH is a file, a glob, - for standard input, or a location in an http(s)://, s3://, gs://,
    az:// or hf://datasets/ source (docs/sources.md); .gz and .zst are unpacked.
    Findings are listed as PATH:LINE:COLUMN: CODE message. The exit code is 0 if nothing is at or
    above --fail-on, 1 if something is, 2 for misuse and for data that cannot be read.

    What is not given by flag is taken from a configuration file, then from the recipe.

    \b
    Examples:
      dataset-tools lint data.jsonl
      dataset-tools lint data/*.jsonl --fail-on warning
      dataset-tools lint data.jsonl --separator '\\n##\\n' --stop-sequence '\\n###\\n'
      dataset-tools lint --recipe recipes/llama2-samsum.yaml
      dataset-tools lint train.jsonl --validation-data heldout.jsonl
      dataset-tools lint data.jsonl --write-baseline accepted.json
      dataset-tools lint data.jsonl --format json --output-file report.json
      dataset-tools lint 's3://bucket/data/*.jsonl' hf://datasets/OWNER/NAME
      cat data.jsonl | dataset-tools lint -
    """
    choices = Choices(given_flags(flags), chosen_configuration(config, no_config))
    with choices.naming("recipe"):
        recipe = read_recipe(choices.get("recipe"))
    with hidden_downloads(quiet):
        sources = chosen_sources(paths, recipe)
        validation = _validation_data(choices, recipe)
    shared = run_settings(choices, recipe, validation)
    if shared.tokenizer is not None and shared.tokenizer.assumption is not None:
        click.echo(f"note: the tokenizer: {shared.tokenizer.assumption}", err=True)
    if paths:
        _check_compares(sources, validation, choices)
    else:
        sources += validation
    _check_outputs(choices, [source.path for source in (*sources, *validation)])
    report = LintReport()
    unreadable: list[InputError] = []
    for source in sources:
        settings = settings_for(source, shared, choices, recipe)
        try:
            with (
                reading(source.name),
                bytes_progress(source.name, source.path, quiet=quiet) as advance,
            ):
                jobs = choices.get("jobs") or sensible_jobs(source.path)
                check_source(source, settings, report, advance, jobs=jobs)
        except UnreadableDataError as error:  # hides nothing of the other files
            unreadable.append(error)
    _finish(report, unreadable, choices, color=wants_color(no_color))


def _validation_data(choices: Choices, recipe: DataSettings | None) -> list[SourceFile]:
    location = choices.get("validation-data")
    if location is not None:
        with choices.naming("validation-data"):
            return fetch(location)
    if recipe is None or recipe.validation_data is None:
        return []
    with naming_recipe_key("validation_data"):
        return fetch(recipe.validation_data)


def _check_compares(
    sources: list[SourceFile], validation: list[SourceFile], choices: Choices
) -> None:
    """Refuse to compare data with nothing but itself, where that is what the flag asks for.

    A configuration file or a recipe may well name data that a commit changes alone.
    """
    compared_with = {each.path.resolve() for each in validation}
    same = [source.name for source in sources if source.path.resolve() in compared_with]
    if "validation-data" in choices.flags and same and len(same) == len(sources):
        raise InputError(
            f"{same[0]}: is the validation data itself, so that nothing is compared with it; "
            "name the training data"
        )
    for name in same:
        click.echo(f"note: {name}: is validation data, not compared with itself", err=True)


def _check_outputs(choices: Choices, inputs: list[Path]) -> None:
    """Refuse to write over what this run reads, or one output over the other."""
    named = [choices.get(key) for key in ("recipe", "schema")]
    inputs = [*inputs, *filter(None, [*named, choices.configuration.path])]
    report = report_file(choices.get("output-file"))
    record, baseline = map(choices.get, ("write-baseline", "baseline"))
    if record is not None:
        check_report(choices.name_of("write-baseline"), record, inputs)
    if report is not None:
        check_report(choices.name_of("output-file"), report, [*inputs, baseline])
        if record is not None and report.absolute() == record.absolute():
            raise InputError(
                f"{choices.name_of('output-file')} and --write-baseline: both are {report}; "
                "name two files"
            )


def _finish(
    report: LintReport, unreadable: list[InputError], choices: Choices, *, color: bool
) -> None:
    """Write what was asked for; ends the run with exit code 1 if the findings are bad enough.

    Where files were unreadable, it ends with their errors after the report of the others; a
    baseline of those alone would be taken for one of all.
    """
    record = choices.get("write-baseline")
    if unreadable and (record is not None or not report.files):
        raise _last_of(unreadable)
    if record is not None:
        write_baseline(record, report.fingerprints.elements())
    output_file = report_file(choices.get("output-file"))
    format_name = choices.get("format") or default_format(os.environ)
    text = render(report, format_name, _terminal_width(output_file))
    try:
        with choices.naming("output-file"):
            _write(text, report, output_file, color)
    except BrokenPipeError:  # `| head`; the exit code tells of all findings nevertheless
        drop_unwritable_output()
    if unreadable:
        raise _last_of(unreadable)
    fail_on = choices.get("fail-on", "error")
    if record is not None:
        total = report.counts.total()
        noun = "finding" if total == 1 else "findings"
        click.echo(f"{total} {noun} recorded in {record}", err=True)
    elif fail_on != "never" and report.has_at_least(Severity(fail_on)):
        raise SystemExit(EXIT_FINDINGS)


def _last_of(errors: list[InputError]) -> InputError:
    """The last of several errors, once the others are told; those that are alike are one."""
    *others, last = {str(error): error for error in errors}.values()
    for error in others:
        click.echo(f"error: {error}", err=True)
    return last


def _terminal_width(output_file: Path | None) -> int | None:
    if output_file is not None or sys.stdout is None or not sys.stdout.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns


def _write(text: str, report: LintReport, output_file: Path | None, color: bool) -> None:
    if output_file is None:
        click.echo(text, color=color)
        return
    with replacing(output_file) as stream:
        stream.write(f"{click.unstyle(text)}\n".encode())
    click.echo(f"{click.unstyle(summary_line(report))}: written to {output_file}", err=True)

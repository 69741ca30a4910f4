"""`dataset-tools lint`: check data files."""

import os
from itertools import chain
from pathlib import Path

import click

from dataset_tools.cli import EXIT_FINDINGS
from dataset_tools.cli.options import (
    chosen_mark,
    chosen_sources,
    color_option,
    mark_options,
    read_recipe,
    wants_color,
)
from dataset_tools.errors import InputError
from dataset_tools.findings import Severity
from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.lint.formats import FORMATS, default_format
from dataset_tools.lint.formats.text_format import summary_line
from dataset_tools.lint.settings import DEFAULT_MAX_FINDINGS, choose_rules
from dataset_tools.output_files import replacing
from dataset_tools.progress import bytes_progress


def _codes(value: str) -> list[str]:
    return value.replace(",", " ").split()


@click.command(name="lint")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@mark_options("inferred from the data")
@click.option(
    "--select", type=_codes, metavar="CODES", multiple=True, help="Only these rules: DT3,DT401."
)
@click.option(
    "--ignore", type=_codes, metavar="CODES", multiple=True, help="All but these rules: DT404."
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "never"]),
    default="error",
    show_default=True,
    help="The least severity that makes the exit code 1.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(FORMATS)),
    help="How to write the report. Default: text; github in a GitHub workflow.",
)
@click.option(
    "--output-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the report here instead of to standard output.",
)
@click.option(
    "--max-findings",
    type=click.IntRange(min=0),
    default=DEFAULT_MAX_FINDINGS,
    show_default=True,
    help="List at most so many findings a code; all are counted.",
)
@click.option("--jobs", "-j", type=click.IntRange(min=1), default=1)
@click.option("--quiet", "-q", is_flag=True, help="No progress bar.")
@color_option
def command(
    paths: tuple[str, ...],
    recipe: Path | None,
    separator: str | None,
    stop_sequence: str | None,
    select: tuple[list[str], ...],
    ignore: tuple[list[str], ...],
    fail_on: str,
    format_name: str | None,
    output_file: Path | None,
    max_findings: int,
    jobs: int,
    quiet: bool,
    no_color: bool,
) -> None:
    """Check training data, line by line.

    PATH is a file, a glob, an http(s) URL or - for standard input; .gz and .zst are unpacked.
    Findings are listed as PATH:LINE:COLUMN: CODE message. The exit code is 0 if nothing is at or
    above --fail-on, 1 if something is, 2 for misuse and for data that cannot be read.

    \b
    Examples:
      dataset-tools lint data.jsonl
      dataset-tools lint data/*.jsonl --fail-on warning
      dataset-tools lint data.jsonl --separator '\\n##\\n' --stop-sequence '\\n###\\n'
      dataset-tools lint --recipe recipes/llama2-samsum.yaml
      dataset-tools lint data.jsonl --format json --output-file report.json
      cat data.jsonl | dataset-tools lint -
    """
    settings = read_recipe(recipe)
    lint_settings = LintSettings(
        separator=chosen_mark(separator, settings.separator if settings else None),
        stop_sequence=chosen_mark(stop_sequence, settings.stop_sequence if settings else None),
        rules=choose_rules(chain(*select), chain(*ignore)),
        max_findings=max_findings,
    )
    report = LintReport()
    sources = chosen_sources(paths, settings, with_validation=True)
    if output_file is not None:
        _check_is_no_input(output_file, [*(source.path for source in sources), recipe])
    for source in sources:
        with bytes_progress(source.name, source.path, quiet=quiet) as advance:
            check_source(source, lint_settings, report, advance, jobs=jobs)
    _write(
        FORMATS[format_name or default_format(os.environ)](report),
        report,
        output_file,
        wants_color(no_color),
    )
    if fail_on != "never" and report.has_at_least(Severity(fail_on)):
        raise SystemExit(EXIT_FINDINGS)


def _check_is_no_input(output_file: Path, inputs: list[Path | None]) -> None:
    for path in inputs:
        if path is not None and output_file.exists() and output_file.samefile(path):
            raise InputError(
                f"--output-file {output_file}: is an input of this run; name another file"
            )


def _write(text: str, report: LintReport, output_file: Path | None, color: bool) -> None:
    if output_file is None:
        click.echo(text, color=color)
        return
    with replacing(output_file) as stream:
        stream.write(f"{click.unstyle(text)}\n".encode())
    click.echo(f"{click.unstyle(summary_line(report))}: written to {output_file}", err=True)

"""`dataset-tools split`: training, validation and test data out of one file."""

from functools import partial
from pathlib import Path

import click

from dataset_tools.cli.options import chosen_sources, mark_options, read_recipe, refuse_folder
from dataset_tools.cli.outputs import check_is_local
from dataset_tools.errors import InputError
from dataset_tools.lint.settings import GivenMark
from dataset_tools.printable import printable
from dataset_tools.progress import bytes_progress
from dataset_tools.recipe import DataSettings
from dataset_tools.sources import SourceFile
from dataset_tools.sources.progress import hidden_downloads
from dataset_tools.split import PartSize, SplitRequest, SplitSummary, split_source
from dataset_tools.split.choice import TEST, TRAIN, VALIDATION
from dataset_tools.split.grouping import LARGEST_SEED
from dataset_tools.split.part_paths import check_outputs, part_paths


@click.command(name="split")
@click.argument("path", required=False)
@click.option(
    "--validation",
    required=True,
    metavar="N|F",
    help="Size of the validation data: a number of records (200) or a share (0.1, 10%).",
)
@click.option("--test", metavar="N|F", help="Size of the test data, likewise. Default: none.")
@click.option(
    "--seed",
    type=click.IntRange(min=0, max=LARGEST_SEED),
    metavar="S",
    default=0,
    show_default=True,
    help="Another seed, another choice; the same seed and data, the same files.",
)
@click.option(
    "--stratify",
    is_flag=True,
    help="Give every part its share of each class (completions that name classes).",
)
@mark_options("inferred from the data")
@click.option(
    "--output-dir",
    "-o",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write here; made if missing. Default: beside a local file, else the current folder.",
)
@click.option("--force", is_flag=True, help="Replace files that are there.")
@click.option("--quiet", "-q", is_flag=True, help="No progress bars and no summary, warnings only.")
def command(
    path: str | None,
    validation: str,
    test: str | None,
    seed: int,
    stratify: bool,
    recipe: Path | None,
    separator: str | None,
    stop_sequence: str | None,
    output_dir: Path | None,
    force: bool,
    quiet: bool,
) -> None:
    """Split a data file so that no part knows the answers of another.

    PATH is one file, - for standard input, or a location in an http(s)://, s3://, gs://, az:// or
    hf://datasets/ source (docs/sources.md). Its lines are copied as they are, in their order, to
    NAME.train.jsonl, NAME.validation.jsonl and, with --test, NAME.test.jsonl; blank lines are left
    out. Records with the same prompt stay together, and so do duplicates, whatever their white
    space and marks: lint finds nothing of one part in another (DT408). Parts therefore may be a
    few records short of what is asked; the summary tells, and a warning where it is over a tenth.

    The choice follows from the seed and the texts, not from the order of the lines.

    \b
    Examples:
      dataset-tools split data.jsonl --validation 200
      dataset-tools split data.jsonl --validation 10% --test 10% --seed 7
      dataset-tools split labels.jsonl --validation 0.2 --stratify -o parts
      dataset-tools split --recipe recipes/llama2-samsum.yaml --validation 500
    """
    sizes = _sizes(validation, test)
    if output_dir is not None:
        check_is_local(output_dir)
    settings = read_recipe(recipe)
    request = SplitRequest(
        *sizes,
        seed=seed,
        stratify=stratify,
        separator=_mark(separator, settings.separator if settings else None),
        stop_sequence=_mark(stop_sequence, settings.stop_sequence if settings else None),
    )
    with hidden_downloads(quiet):
        source = _only_source(path, settings)
    parts = (TRAIN, VALIDATION) if test is None else (TRAIN, VALIDATION, TEST)
    paths = part_paths(source, output_dir, parts)
    check_outputs(source, paths, force=force)
    summary = split_source(
        source, request, paths, partial(bytes_progress, path=source.path, quiet=quiet)
    )
    _warn_of_short_parts(summary, stratify=stratify)
    if not quiet:
        click.echo(_shown(source, request, summary), err=True)
        _warn_of_an_old_test_file(part_paths(source, output_dir, (TEST,))[TEST], summary)


def _sizes(validation: str, test: str | None) -> tuple[PartSize, PartSize | None]:
    sizes = (
        PartSize.parse("--validation", validation),
        None if test is None else PartSize.parse("--test", test),
    )
    shares = [size.share for size in sizes if size is not None and size.share is not None]
    if sum(shares) >= 1:
        raise InputError(
            f"--validation {validation} and --test {test}: leave nothing for training; expected "
            "shares that come to less than 1"
        )
    return sizes


def _mark(flag: str | None, from_recipe: str | None) -> GivenMark | None:
    if flag is not None:
        return GivenMark(flag, "flag")
    return None if from_recipe is None else GivenMark(from_recipe, "recipe")


def _only_source(path: str | None, settings: DataSettings | None) -> SourceFile:
    if path is not None:
        refuse_folder(path)
    sources = chosen_sources(() if path is None else (path,), settings)
    if len(sources) > 1:
        raise InputError(
            f"found {len(sources)} files, {sources[0].name!r} the first; expected one: records of "
            "several files are kept together only once they stand in one"
        )
    return sources[0]


def _shown(source: SourceFile, request: SplitRequest, summary: SplitSummary) -> str:
    lines = [
        f"{source.name}: {_counted(summary.records, 'record')} in "
        f"{_counted(summary.groups, 'group')} with the same prompt, seed {request.seed}"
    ]
    if summary.blank_lines:
        lines[0] += f"; {_counted(summary.blank_lines, 'blank line')} left out"
    for part in summary.parts:
        asked = "" if part.asked in (None, part.records) else f" ({part.asked} asked for)"
        lines.append(
            f"{part.name}: {_counted(part.records, 'record')}{asked}, "
            f"{_counted(part.groups, 'group')}: {part.path}"
        )
        if request.stratify:
            counts = part.class_records.items()
            lines += [f"  {_counted(count, 'record')} of {label!r}" for label, count in counts]
    return "\n".join(map(printable, lines))


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _warn_of_short_parts(summary: SplitSummary, *, stratify: bool) -> None:
    kept = ", and each class keeps a group for training" if stratify else ""
    for part in summary.parts:
        if part.is_short:
            line = (
                f"warning: {part.name}: {part.records} of {part.asked} records: no other group of "
                f"records with the same prompt fits{kept}"
            )
            click.echo(line, err=True)


def _warn_of_an_old_test_file(path: Path, summary: SplitSummary) -> None:
    """A test file of an earlier split may hold what is now trained on."""
    if path.exists() and path not in [part.path for part in summary.parts]:
        click.echo(f"note: {path}: is no part of this split, and may share records", err=True)

"""`dataset-tools fix`: mend what lint finds and can be mended without guessing."""

import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from dataset_tools.cli.fix_output import STDOUT_NAME, Output, chosen_output, copy_to, show_diff
from dataset_tools.cli.lint_choices import Choices, chosen_configuration, settings_for
from dataset_tools.cli.lint_options import CONFIG_OPTIONS, given_flags, rule_codes
from dataset_tools.cli.options import (
    chosen_sources,
    color_option,
    mark_options,
    read_recipe,
    refuse_folder,
    sensible_jobs,
    wants_color,
)
from dataset_tools.errors import InputError
from dataset_tools.findings import Severity
from dataset_tools.fix import Fixed, Mended, fixed
from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.lint.settings import known_prefix
from dataset_tools.marks import Mark
from dataset_tools.printable import elided, printable
from dataset_tools.progress import bytes_progress, progress_over
from dataset_tools.recipe import DataSettings
from dataset_tools.rules import RULES
from dataset_tools.rules.mark_names import origin_of
from dataset_tools.sources import SourceFile
from dataset_tools.sources.location import STDIN_NAME
from dataset_tools.sources.progress import hidden_downloads
from dataset_tools.tokens import TrainingFormat

_NOT_DECODED = (
    "  not re-encoded (DT002): no encoding of one byte a character is sure, and mixtures, GBK, "
    "Shift-JIS and the like are never guessed; if you know the encoding: "
    "iconv -f ENCODING -t UTF-8 IN > OUT"
)


@click.command(name="fix")
@click.argument("path", required=False)
@click.option("--output", "-o", metavar="OUT", help="Where to write; - for standard output.")
@click.option(
    "--in-place",
    is_flag=True,
    help="Write over PATH itself; not if it has other hard links or is read-only.",
)
@click.option(
    "--diff",
    is_flag=True,
    help="Show what changes, as a unified diff; write nothing unless -o or --in-place is given.",
)
@click.option("--force", is_flag=True, help="Write over OUT where there is such a file.")
@mark_options("inferred from the data")
@click.option(
    "--select", type=rule_codes, metavar="CODES", multiple=True, help="Only these: DT3,DT401."
)
@click.option(
    "--ignore", type=rule_codes, metavar="CODES", multiple=True, help="All but these: DT003."
)
@CONFIG_OPTIONS[0]
@CONFIG_OPTIONS[1]
@click.option("--quiet", "-q", is_flag=True, help="No progress bars, and no summary.")
@color_option
def command(
    path: str | None,
    output: str | None,
    in_place: bool,
    diff: bool,
    force: bool,
    config: Path | None,
    no_config: bool,
    quiet: bool,
    no_color: bool,
    **flags: Any,
) -> None:
    """Mend training data where that takes no guess; leave all else byte for byte.

    PATH is a file, - for standard input, or a location in an http(s)://, s3://, gs://, az:// or
    hf://datasets/ source (docs/sources.md); .gz and .zst are unpacked. Without PATH the recipe's
    train_data is mended. What counts as a problem is what lint reports, with the same options,
    configuration file and recipe.

    Mended are: UTF-16, UTF-32 and legacy encodings (DT002), a byte order mark (DT003), blank
    lines (DT004), mixed line endings (DT008), keys in the wrong case (DT108), missing separators
    (DT301) and stop sequences (DT303), and exact duplicates (DT401). `dataset-tools rules DT301`
    tells what is done and what is left for you.

    \b
    Examples:
      dataset-tools fix data.jsonl -o fixed.jsonl
      dataset-tools fix data.jsonl --diff
      dataset-tools fix data.jsonl --in-place --select DT301,DT303
      dataset-tools fix data.jsonl -o fixed.jsonl --separator '\\n##\\n' --stop-sequence ' END'
      dataset-tools fix data.jsonl --recipe recipes/llama2-samsum.yaml --diff
      dataset-tools fix data.jsonl.gz -o - --ignore DT003 | dataset-tools lint -
    """
    choices = Choices(given_flags(flags), chosen_configuration(config, no_config))
    recipe = read_recipe(choices.get("recipe"))
    _check_is_fixable(choices.flags.get("select"))
    with hidden_downloads(quiet):
        source = _one_source(path, recipe)
    named = [choices.get("recipe"), choices.configuration.path]
    target = chosen_output(source, output, named, in_place=in_place, diff=diff, force=force)
    settings = _settings(source, choices, recipe)
    jobs = sensible_jobs(source.path)
    with fixed(source, settings, partial(progress_over, quiet=quiet), jobs=jobs) as result:
        if target is not None and not (in_place and _is_sound(result)):
            copy_to(target, result.after)
        if diff:
            show_diff(result, source, target, is_colored=wants_color(no_color))
        if not quiet:
            has_decoded = any(rule.code == "DT002" for rule in settings.rules)
            plain = _plain_settings(source, choices, recipe)
            _tell(result, source, target, plain, in_place=in_place, has_decoded=has_decoded)


def _one_source(path: str | None, recipe: DataSettings | None) -> SourceFile:
    if path is not None:
        refuse_folder(path)
    sources = chosen_sources(() if path is None else (path,), recipe)
    if len(sources) != 1:
        what = "the recipe's train_data" if path is None else path
        raise InputError(f"{what}: means {len(sources)} files, expected one; fix them one by one")
    return sources[0]


def _is_sound(result: Fixed) -> bool:
    """Whether nothing was mended: a file decoded from UTF-16 is another, though the diff is not."""
    return not result.mended.counts


def _check_is_fixable(selected: list[str] | None) -> None:
    """Refuse codes that ask for what no rule can mend, and a list without any."""
    fixable = [code for code, rule in RULES.items() if rule.fixable]
    if selected is None:
        return
    if not selected:
        raise InputError(f"--select: names no rule; those that can be mended: {', '.join(fixable)}")
    for code in selected:
        prefix = known_prefix(code)
        if not any(each.startswith(prefix) for each in fixable):
            raise InputError(
                f"--select {code}: cannot be mended without guessing; those that can: "
                f"{', '.join(fixable)}"
            )


def _settings(source: SourceFile, choices: Choices, recipe: DataSettings | None) -> LintSettings:
    base = recipe.training_format if recipe else TrainingFormat()
    return settings_for(source, LintSettings(training_format=base), choices, recipe)


def _plain_settings(
    source: SourceFile, choices: Choices, recipe: DataSettings | None
) -> LintSettings:
    """The settings of a lint that is not told which rules to apply."""
    flags = {key: value for key, value in choices.flags.items() if key not in ("select", "ignore")}
    return _settings(source, replace(choices, flags=flags), recipe)


def _tell(
    result: Fixed,
    source: SourceFile,
    target: Output | None,
    settings: LintSettings,
    *,
    in_place: bool,
    has_decoded: bool,
) -> None:
    """Say on standard error what was mended, and what lint finds wrong with the result.

    `has_decoded` tells whether the rule for other encodings was among those applied.
    """
    where = f"written to {target.name}" if target else "not written"
    if in_place and _is_sound(result):
        where = "left as it is"
    for line in _what_was_done(result.mended, source, where):
        click.echo(printable(line), err=True)
    name = target.name if target else source.name
    report = LintReport()
    with bytes_progress(f"{name}: checking", result.path, quiet=False) as advance:
        check_source(
            SourceFile(name, result.path),
            settings,
            report,
            advance,
            jobs=sensible_jobs(result.path),
        )
    if has_decoded and report.counts["DT002"]:
        click.echo(_NOT_DECODED, err=True)
    errors = report.count_of(Severity.ERROR)
    if errors:
        noun = "error" if errors == 1 else "errors"
        what = "left" if target else "would be left"
        is_stream = name in (STDIN_NAME, STDOUT_NAME)
        location = "-" if is_stream else shlex.quote(name)
        line = f"{what}: {errors} {noun}; see dataset-tools lint {location}"
        click.echo(printable(line), err=True)


def _what_was_done(mended: Mended, source: SourceFile, where: str) -> Iterator[str]:
    yield f"{source.name}: {_number_of_fixes(mended)}; {where}"
    for code, count in sorted(mended.counts.items()):
        yield f"  {code} {RULES[code].name}: {count}"
    if mended.decoded_from is not None:
        yield f"  read as {mended.decoded_from}, now UTF-8; look at a few words beyond ASCII"
    for what, mark in _marks(mended):
        yield f"  {what} {elided(mark.text)!r} ({origin_of(mark)})"


def _number_of_fixes(mended: Mended) -> str:
    total = mended.counts.total()
    if not total:
        return "nothing to fix"
    return "1 fix" if total == 1 else f"{total} fixes"


def _marks(mended: Mended) -> Iterator[tuple[str, Mark]]:
    context = mended.marked_with
    if context is not None:
        for what, code, mark in (
            ("separator", "DT301", context.separator),
            ("stop sequence", "DT303", context.stop_sequence),
        ):
            if mark is not None and mended.counts[code]:
                yield what, mark

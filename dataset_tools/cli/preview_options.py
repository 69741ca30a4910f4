"""The options of `dataset-tools preview`, and which of them cannot stand together."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from dataset_tools.cli.html_output import html_option
from dataset_tools.cli.options import color_option, mark_options
from dataset_tools.errors import InputError

Command = TypeVar("Command", bound=Callable[..., Any])

GROUPS = {
    "Rows": ("row", "rows", "sample", "seed", "longest", "shortest", "code"),
    "What to show": ("packs", "compare", "format_name", "html", "force"),
    "Training format": ("recipe", "separator", "stop_sequence", "tokenizer", "chunk_size"),
}
# ways to choose rows, of which one run takes one
_CHOICES = ("row", "sample", "longest", "shortest", "code")
_COUNT = click.IntRange(min=1)


def preview_options(command: Command) -> Command:
    """Add all options, in the order of the help."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def check_combination(flags: Mapping[str, Any]) -> None:
    """Raise InputError, naming both, where two options contradict one another."""
    given = [name for name in _CHOICES if flags[name] not in (None, False)]
    if len(given) > 1:
        raise _contradiction(given[0], given[1], "each chooses rows")
    if flags["rows"] is not None and given[:1] in (["row"], ["sample"]):
        raise _contradiction(given[0], "rows", "each says how many rows")
    if flags["seed"] is not None and flags["sample"] is None:
        raise InputError("--seed: decides which rows --sample draws; give --sample N, too")
    if flags["packs"]:
        for name in (*given, "compare"):
            if flags[name] not in (None, False):
                raise _contradiction("packs", name, "packs hold all records of one recipe")
    if flags["html"] is not None:
        for name in ("packs", "compare"):
            if flags[name] not in (None, False):
                raise _contradiction("html", name, "the page shows records under one recipe")


def _contradiction(first: str, second: str, why: str) -> InputError:
    return InputError(f"--{first} and --{second}: {why}; give one of them")


_OPTIONS = (
    click.option(
        "--row", type=_COUNT, metavar="N", help="The row on this line of the file, from 1."
    ),
    click.option(
        "--rows",
        type=_COUNT,
        metavar="N",
        help="The first so many records; with --longest, --shortest or --code, so many of those. "
        "Default: 1. With --packs, packs; default 10.",
    ),
    click.option(
        "--sample",
        type=_COUNT,
        metavar="N",
        help="So many records drawn at random, each as likely as any other, in the file's order.",
    ),
    click.option(
        "--seed", type=int, metavar="S", help="Draw the sample that belongs to this. Default: 42."
    ),
    click.option(
        "--longest",
        is_flag=True,
        help="The record with most tokens; without tokenizer, most characters.",
    ),
    click.option("--shortest", is_flag=True, help="The record with fewest, likewise."),
    click.option(
        "--code",
        metavar="CODE",
        help="The first row in which lint finds this, such as DT301; the whole file is linted.",
    ),
    click.option(
        "--packs",
        is_flag=True,
        help="How the records fall into packs of chunk_size; by best fit unless the recipe wraps.",
    ),
    click.option(
        "--compare",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="RECIPE2",
        help="Show the records under this recipe, too, and what differs; flags hold for both.",
    ),
    click.option(
        "--format",
        "format_name",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="For people, or one JSON object a sequence (with --packs: one in all, with --compare: "
        "one a record).",
    ),
    html_option,
    mark_options("the recipe's, else Replicate's"),
    click.option(
        "--tokenizer", help="Show tokens of this tokenizer: a model folder or a hub name."
    ),
    click.option(
        "--chunk-size",
        type=click.IntRange(min=4),
        help="Tokens a sequence may have. Default: the recipe's, or 2048.",
    ),
    click.option("--quiet", "-q", is_flag=True, help="No progress bars and no notes."),
    color_option,
)

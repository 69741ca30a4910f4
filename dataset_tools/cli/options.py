"""What several commands share: options for data and marks, and the settings they make."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import click

from dataset_tools.errors import InputError
from dataset_tools.home_folder import with_home
from dataset_tools.recipe import DataSettings, load_data_settings
from dataset_tools.sources import SourceFile, fetch

Command = TypeVar("Command", bound=Callable[..., Any])

BYTES_A_PROCESS = 16 * 1024 * 1024
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r": "\r", "\\\\": "\\"}


def mark_text(value: str) -> str:
    r"""A separator or stop sequence; `\n`, `\t`, `\r` and `\\` may be spelt as escapes."""
    return re.sub(r"\\[ntr\\]", lambda match: _ESCAPES[match.group()], value)


def mark_options(unless_given: str) -> Callable[[Command], Command]:
    """Add `--recipe`, `--separator` and `--stop-sequence`, and say what holds without them."""

    def add(command: Command) -> Command:
        for option in (
            click.option(
                "--stop-sequence",
                type=mark_text,
                metavar="TEXT",
                help=f"What ends every completion; '' for none. Default: {unless_given}.",
            ),
            click.option(
                "--separator",
                type=mark_text,
                metavar="TEXT",
                help=f"What ends every prompt; '' for none. Default: {unless_given}.",
            ),
            click.option(
                "--recipe",
                type=click.Path(dir_okay=False, path_type=Path),
                help="Take data, marks, chunk size and tokenizer from this recipe; flags win.",
            ),
        ):
            command = option(command)
        return command

    return add


def color_option(command: Command) -> Command:
    """Add `--no-color`."""
    return click.option("--no-color", is_flag=True, help="Plain text; NO_COLOR does the same.")(
        command
    )


def wants_color(no_color: bool) -> bool:
    """Whether to colour standard output: on a terminal, unless told otherwise (no-color.org)."""
    # started with standard output closed, Python has none
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    return is_terminal and not no_color and not os.environ.get("NO_COLOR")


def available_cores() -> int:
    """How many cores this process may use, which may be fewer than there are."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1


def sensible_jobs(path: Path, bytes_a_process: int = BYTES_A_PROCESS) -> int:
    """A process for each core, but none with less of the file to do than it takes to start."""
    return max(1, min(available_cores(), path.stat().st_size // bytes_a_process))


def read_recipe(recipe: Path | None) -> DataSettings | None:
    """The recipe's data settings, or None without a recipe."""
    return None if recipe is None else load_data_settings(recipe)


def refuse_folder(path: str) -> None:
    """Raise InputError for a folder, to a command that takes one file and no glob."""
    if path not in ("", "-") and os.path.isdir(with_home(path)):  # noqa: PTH112 - no error of any name
        raise InputError(f"{path!r} is a folder; name one file in it")


def chosen_sources(paths: tuple[str, ...], settings: DataSettings | None) -> list[SourceFile]:
    """The data to read: the paths given, or else the recipe's; raises InputError without either."""
    if paths:
        return list(chain.from_iterable(map(fetch, paths)))
    if settings is None:
        raise InputError("no data given; name a PATH, or a --recipe that has train_data")
    if settings.train_data is None:
        raise InputError("the recipe has no train_data; add the key, or name a PATH")
    with naming_recipe_key("train_data"):
        return fetch(settings.train_data, sha256=settings.train_data_sha256)


@contextmanager
def naming_recipe_key(key: str) -> Iterator[None]:
    """Errors about what a recipe names tell the key."""
    try:
        yield
    except InputError as error:
        raise InputError(f"the recipe's {key}: {error}") from error

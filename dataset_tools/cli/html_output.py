"""`--html FILE`: the option, and how a page gets into its file."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from dataset_tools.cli.outputs import STANDARD_OUTPUT, check_output
from dataset_tools.errors import InputError
from dataset_tools.output_files import replacing

Command = TypeVar("Command", bound=Callable[..., Any])


def html_option(command: Command) -> Command:
    """Add `--html` and `--force`."""
    for option in (
        click.option("--force", is_flag=True, help="Replace the page if it is there already."),
        click.option(
            "--html",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Write a self-contained page instead, - for standard output; needs the extra "
            "report.",
        ),
    ):
        command = option(command)
    return command


def check_page(
    page: Path | None, inputs: Iterable[Path | None], format_name: str, *, draws: bool, force: bool
) -> None:
    """Raise InputError where the page could not be made or written, before data is read."""
    if page is None and force:
        raise InputError("--force: replaces a page; give --html FILE, too")
    if page is None:
        return
    from dataset_tools.html_pages.page import check_installed

    if format_name != "text":
        raise InputError(f"--html and --format {format_name}: give one of them")
    check_installed(draws=draws)
    if str(page) != STANDARD_OUTPUT:
        check_output(page, (path for path in inputs if path is not None), force=force)


def write_page(page: Path, content: bytes, what: str, *, quiet: bool) -> None:
    """Write the page and say on standard error what was written; raises InputError."""
    if str(page) == STANDARD_OUTPUT:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    with replacing(page) as stream:
        stream.write(content)
    if not quiet:
        click.echo(f"{what}: written to {page}", err=True)

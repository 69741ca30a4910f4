"""The progress bar of a download: on standard error, and only where a person looks at it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Not a parameter: every source would have to hand it through to reach the one that downloads.
_is_hidden = ContextVar("hidden download progress", default=False)


@contextmanager
def hidden_downloads(hidden: bool) -> Iterator[None]:
    """Show no bar for downloads within the block, if `hidden`."""
    token = _is_hidden.set(hidden)
    try:
        yield
    finally:
        _is_hidden.reset(token)


def downloads_are_hidden() -> bool:
    """Whether the block around wants no bars, which a library with a bar of its own must know."""
    return _is_hidden.get()


@contextmanager
def download_progress(
    name: str, *, total: int | None, done: int
) -> Iterator[Callable[[int], None]]:
    """Show a bar for `name` and yield the function that advances it by a number of bytes."""
    if _is_hidden.get() or sys.stderr is None or not sys.stderr.isatty():
        yield lambda size: None
        return

    from rich.console import Console
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(escape(name), total=total, completed=done)
        yield lambda size: bar.advance(task, size)

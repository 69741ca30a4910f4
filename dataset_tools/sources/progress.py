"""The progress bar of a download: on standard error, and only where a person looks at it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def download_progress(
    name: str, *, total: int | None, done: int
) -> Iterator[Callable[[int], None]]:
    """Show a bar for `name` and yield the function that advances it by a number of bytes."""
    if sys.stderr is None or not sys.stderr.isatty():
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

"""Progress bars: on standard error, and only where a person looks at a terminal."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

Row = TypeVar("Row")

ROWS_A_STEP = 1000  # between two looks at the clock
SHORTEST_WORK = 16 * 1024 * 1024  # bytes; less is done before a bar could be read


@contextmanager
def bytes_progress(name: str, path: Path, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A bar over the bytes of a file; yields the function to call with each advance."""
    with progress_over(name, path.stat().st_size, quiet=quiet) as advance:
        yield advance


@contextmanager
def progress_over(name: str, size: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A bar over so many bytes; yields the function to call with each advance."""
    if quiet or size < SHORTEST_WORK or not _has_onlooker():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(escape(name), total=size)
        yield lambda done: progress.advance(task, done)


@contextmanager
def rows_progress(
    name: str, bytes_read: Callable[[], int] | None, size: int | None, *, quiet: bool
) -> Iterator[Callable[[Iterable[Row]], Iterable[Row]]]:
    """A bar that counts rows; yields the function through which to take them.

    How much is done shows where the bytes read so far, of `size`, are known.
    """
    if quiet or not _has_onlooker():
        yield lambda rows: rows
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} rows, {task.fields[rate]:,.0f} a second"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(escape(name), total=size, rows=0, rate=0.0)

        def counted(rows: Iterable[Row]) -> Iterator[Row]:
            started = time.monotonic()
            for count, row in enumerate(rows, start=1):
                if count % ROWS_A_STEP == 0:
                    rate = count / (time.monotonic() - started)
                    done = bytes_read() if bytes_read else None
                    progress.update(task, completed=done, rows=count, rate=rate)
                yield row

        yield counted


def _has_onlooker() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()

"""Progress bars: on standard error, and only where a person looks at a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

SHORTEST_WORK = 16 * 1024 * 1024  # bytes; less is done before a bar could be read


@contextmanager
def bytes_progress(name: str, path: Path, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A bar over the bytes of a file; yields the function to call with each advance."""
    size = path.stat().st_size
    if quiet or size < SHORTEST_WORK or sys.stderr is None or not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(escape(name), total=size)
        yield lambda done: progress.advance(task, done)

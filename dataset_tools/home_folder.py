"""Home folders: `~` and `~NAME` at the start of a path."""

from pathlib import Path


def with_home(path: str) -> Path:
    """The path with its home folder spelt out; as it is where no user of that name is known."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)  # a file may be called so; if none is, its opening tells

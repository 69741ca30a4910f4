"""What every source hands on: a local file and the name under which people know it."""

from pathlib import Path

from msgspec import Struct


class SourceFile(Struct, frozen=True):
    """A local, readable file of data, and how messages and reports name it."""

    name: str
    """The path as given, a URL without query string or credentials, or `<stdin>`."""

    path: Path
    """Where its bytes lie."""

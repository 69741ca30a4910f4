"""What every source hands on: a local file and the name under which people know it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SourceFile:
    """A local, readable file of data, and how messages and reports name it."""

    name: str
    """The path as given, a URL without query string or credentials, or `<stdin>`."""

    path: Path
    """Where its bytes lie."""

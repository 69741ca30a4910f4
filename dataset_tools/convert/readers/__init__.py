"""Readers: a file of one format as a table.

A reader is one module with `read(source, options)` and one line in the table below.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import PurePath

from dataset_tools.convert.table import ReadOptions, Table
from dataset_tools.errors import InputError
from dataset_tools.sources import SourceFile

# format: module, and the suffixes of file names
READERS = {
    "csv": ("delimited_text", (".csv",)),
    "jsonl": ("json_lines", (".jsonl", ".ndjson")),
}


@contextmanager
def open_table(
    source: SourceFile, format_name: str | None = None, options: ReadOptions | None = None
) -> Iterator[Table]:
    """Open a file as a table, by its name and content where no format is given.

    Raises InputError where it cannot be read as that format, or none is known.
    """
    format_name = format_name or _format_of(source)
    module = import_module(f"{__name__}.{READERS[format_name][0]}")
    with module.read(source, options or ReadOptions()) as table:
        yield table


def _format_of(source: SourceFile) -> str:
    suffixes = PurePath(source.name.removesuffix(".gz").removesuffix(".zst")).suffix.lower()
    for name, (_, known) in READERS.items():
        if suffixes in known:
            return name
    raise InputError(f"{source.name}: no known format; name it with --from")

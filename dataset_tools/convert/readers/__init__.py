"""Readers: a file of one format, or a folder, as a table.

A reader is one module with a context manager `read(source, options)` that gives a `Table`, and one
line in the table below. What depends on an extra is imported when a file of that format is opened.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from importlib import import_module
from itertools import chain
from typing import NamedTuple

from dataset_tools.convert.readers.format_detection import detected_format
from dataset_tools.convert.table import ReadOptions, Table
from dataset_tools.convert.values import shown_name
from dataset_tools.errors import InputError
from dataset_tools.sources import SourceFile

Read = Callable[[SourceFile, ReadOptions], AbstractContextManager[Table]]


class Reader(NamedTuple):
    """Where the function is that opens files of a format, how their names end, what it heeds."""

    module: str
    suffixes: tuple[str, ...]
    options: tuple[str, ...]  # of `ReadOptions`; any other that is given is refused
    function: str = "read"


_CELLS = ("delimiter", "quote_character", "encoding", "has_header")
READERS = {
    "csv": Reader("delimited_text", (".csv",), _CELLS, "read_csv"),
    "tsv": Reader("delimited_text", (".tsv", ".tab"), _CELLS, "read_tsv"),
    "json": Reader("json_document", (".json",), ("encoding",)),
    "jsonl": Reader("json_lines", (".jsonl", ".ndjson"), ("encoding",)),
    "parquet": Reader("parquet", (".parquet", ".pq"), ()),
    "xlsx": Reader("workbook", (".xlsx",), ("sheet", "has_header")),
    "txt": Reader("plain_text", (".txt",), ("encoding", "sample_by")),
    "dataset": Reader("saved_dataset", (), ("split", "configuration")),
}
# the options that are a file format's own; those of datasets narrow a hub's name as well
_FLAGS = {
    "delimiter": "--delimiter",
    "quote_character": "--quote-char",
    "encoding": "--encoding",
    "has_header": "--no-header",
    "sheet": "--sheet",
    "sample_by": "--sample-by",
}
_DEFAULTS = ReadOptions()
_LISTED_COLUMNS = 5


@contextmanager
def open_table(
    source: SourceFile, format_name: str | None = None, options: ReadOptions | None = None
) -> Iterator[Table]:
    """Open a file as a table, by its name and content where no format is given.

    Raises InputError where it cannot be read as that format, none is known, or it has no rows.
    """
    if format_name is not None and format_name not in READERS:
        raise InputError(f"no format {format_name!r}; expected {', '.join(READERS)}")
    suffixes = {suffix: name for name, reader in READERS.items() for suffix in reader.suffixes}
    format_name, notes = detected_format(source, format_name, suffixes)
    _refuse_others(source.name, format_name, options or ReadOptions())
    with reader_of(format_name)(source, options or ReadOptions()) as table:
        first = next(table.rows, None)
        if first is None:
            raise _no_rows(table)
        rows = chain([first], table.rows)
        yield replace(table, rows=rows, notes=notes + table.notes)


def reader_of(format_name: str) -> Read:
    """The function that opens files of a format."""
    reader = READERS[format_name]
    read: Read = getattr(import_module(f"{__name__}.{reader.module}"), reader.function)
    return read


def _refuse_others(name: str, format_name: str, options: ReadOptions) -> None:
    """Refuse an option that the format has no use for: whoever gave it expects something of it."""
    for option, flag in _FLAGS.items():
        if option in READERS[format_name].options:
            continue
        if getattr(options, option) != getattr(_DEFAULTS, option):
            formats = [other for other, reader in READERS.items() if option in reader.options]
            raise InputError(
                f"{name}: {flag} is for {' and '.join(formats)}, and the file is {format_name}; "
                "leave it out, or name another --format"
            )


def _no_rows(table: Table) -> InputError:
    names = ", ".join(map(shown_name, table.columns[:_LISTED_COLUMNS]))
    more = ", …" * (len(table.columns) > _LISTED_COLUMNS)
    what = f"only the columns {names}{more} and no row" if names else "no rows"
    hint = f" ({'; '.join(table.notes)})" if table.notes else ""
    return InputError(f"{table.name}: the file holds {what}; there is nothing to convert{hint}")

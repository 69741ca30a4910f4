"""Parquet: typed columns, read a batch of rows at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dataset_tools.convert.readers.arrow_rows import (
    ROWS_AT_ONCE,
    class_names_of_schema,
    notes_on,
    rows_of,
)
from dataset_tools.convert.table import ReadOptions, Table
from dataset_tools.convert.values import shown_name
from dataset_tools.errors import InputError, MissingExtraError
from dataset_tools.lines import open_plain
from dataset_tools.sources import SourceFile

_BUFFER_BYTES = 1024 * 1024  # of a column; without it, a whole row group is held


@contextmanager
def read(source: SourceFile, options: ReadOptions) -> Iterator[Table]:
    """Open the file; its schema names the columns.

    Raises MissingExtraError without pyarrow, InputError where the file is cut short or damaged.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError(f"{source.name}: reading Parquet", "tables") from error

    with open_plain(source.path, source.name) as stream:
        try:
            file = parquet.ParquetFile(stream, buffer_size=_BUFFER_BYTES, pre_buffer=False)
        except (pyarrow.ArrowException, OSError) as error:
            raise _damaged(source.name, error) from error
        names = tuple(file.schema_arrow.names)
        repeated = next((name for name in names if names.count(name) > 1), None)
        if repeated is not None:
            raise InputError(
                f"{source.name}: two columns are named {shown_name(repeated)}, expected a name "
                "for each; rename one"
            )
        class_names = class_names_of_schema(file.schema_arrow.metadata)
        yield Table(
            source.name,
            names,
            rows_of(_batches(file, source.name), class_names),
            notes=notes_on(class_names),
        )


def _batches(file: Any, name: str) -> Iterator[Any]:
    import pyarrow

    try:
        yield from file.iter_batches(ROWS_AT_ONCE, use_threads=False)
    except (pyarrow.ArrowException, OSError) as error:
        raise _damaged(name, error) from error


def _damaged(name: str, error: Exception) -> InputError:
    reason = str(error).strip().partition("\n")[0].rstrip(".")
    return InputError(
        f"{name}: not a Parquet file, or cut short or damaged ({reason}); fetch it again"
    )

"""Parquet: typed columns, read a batch of rows at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dataset_tools.arrow_values import class_names_of_schema
from dataset_tools.convert.readers.arrow_rows import ROWS_AT_ONCE, notes_on, rows_of
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
        batches = _Batches(file, source.name)
        size = os.fstat(stream.fileno()).st_size
        yield Table(
            source.name,
            names,
            rows_of(batches, class_names),
            notes=notes_on(class_names),
            bytes_read=lambda: size * batches.rows // max(1, file.metadata.num_rows),
            size=size,
        )


class _Batches:
    """The file's batches; `rows` counts those read, since columns are read here and there."""

    def __init__(self, file: Any, name: str) -> None:
        self._file = file
        self._name = name
        self.rows = 0

    def __iter__(self) -> Iterator[Any]:
        import pyarrow

        try:
            for batch in self._file.iter_batches(ROWS_AT_ONCE):
                self.rows += batch.num_rows
                yield batch
        except (pyarrow.ArrowException, OSError) as error:
            raise _damaged(self._name, error) from error


def _damaged(name: str, error: Exception) -> InputError:
    reason = str(error).strip().partition("\n")[0].rstrip(".")
    return InputError(
        f"{name}: not a Parquet file, or cut short or damaged ({reason}); fetch it again"
    )

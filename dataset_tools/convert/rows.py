"""Rows of Python objects: dicts, a DataFrame, a Dataset, a table of Arrow, as a table to convert.

None of the libraries is imported: each object is told by the method that gives its rows.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from dataset_tools.convert.table import Row, RowError, Table
from dataset_tools.errors import InputError

ROWS_THAT_TELL_COLUMNS = 1000


def table_of(data: Any, name: str) -> Table:
    """The object as a table; raises InputError where it holds no rows.

    Any iterable of mappings will do; so do pandas and polars DataFrames, and what `datasets` and
    pyarrow make. A column of classes (`ClassLabel`) gives their names.
    """
    if isinstance(data, Mapping | str | bytes):
        raise InputError(
            f"{name}: found an object of type '{type(data).__name__}', expected rows: an iterable "
            "of dicts, a DataFrame or a Dataset (of a DatasetDict, one split)"
        )
    if hasattr(data, "itertuples"):  # pandas
        columns = tuple(map(str, data.columns))
        rows: Iterator[Row] = (
            dict(zip(columns, values, strict=True))
            for values in data.itertuples(index=False, name=None)
        )
        return Table(name, columns, enumerate(rows, start=1))
    if hasattr(data, "iter_rows"):  # polars
        return Table(name, tuple(data.columns), enumerate(data.iter_rows(named=True), start=1))
    if hasattr(data, "to_batches"):  # Arrow
        batches = (batch.to_pylist() for batch in data.to_batches())
        return Table(name, tuple(data.column_names), enumerate(chain.from_iterable(batches), 1))
    try:
        found = iter(data)
    except TypeError as error:
        raise InputError(
            f"{name}: found an object of type '{type(data).__name__}', expected rows: an iterable "
            "of dicts, a DataFrame or a Dataset"
        ) from error
    return tabulated(name, enumerate(map(_row, named_classes(data, found)), start=1))


def tabulated(name: str, rows: Iterator[tuple[int, Row | RowError]]) -> Table:
    """Rows as a table whose columns are the keys of the first rows, in the order they appear."""
    first = list(islice(rows, ROWS_THAT_TELL_COLUMNS))
    keys = (key for _, row in first if not isinstance(row, RowError) for key in row)
    return Table(name, tuple(dict.fromkeys(keys)), chain(first, rows))


def named_classes(data: Any, rows: Iterable[Any]) -> Iterator[Any]:
    """The rows of a Dataset with the names of their classes in place of numbers."""
    features = getattr(data, "features", None) or {}
    named = {
        column: feature.int2str
        for column, feature in features.items()
        if hasattr(feature, "int2str")
    }
    for row in rows:
        if named:
            names = {
                column: name_of(row[column])
                for column, name_of in named.items()
                if row.get(column) is not None and row[column] >= 0  # -1: not known
            }
            row = {**row, **names}
        yield row


def _row(value: object) -> Row | RowError:
    if isinstance(value, Mapping):
        return value
    return RowError(f"found an object of type '{type(value).__name__}', expected a dict")

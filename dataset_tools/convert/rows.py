"""Rows of Python objects: dicts, a DataFrame, a Dataset, a table of Arrow, as a table to convert.

None of the libraries is imported: each object is told by the method that gives its rows.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dataset_tools.arrow_values import ClassNames, class_names_of, class_names_of_schema
from dataset_tools.convert.readers.arrow_rows import rows_of
from dataset_tools.convert.table import Row, RowError, Table, with_columns
from dataset_tools.convert.values import shown_name
from dataset_tools.errors import InputError


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
        _check_are_different(columns, name)
        rows: Iterator[Row] = (
            dict(zip(columns, values, strict=True))
            for values in data.itertuples(index=False, name=None)
        )
        return Table(name, columns, enumerate(rows, start=1))
    if hasattr(data, "iter_rows"):  # polars
        return Table(name, tuple(data.columns), enumerate(data.iter_rows(named=True), start=1))
    if hasattr(data, "to_batches"):  # Arrow
        names = class_names_of_schema(data.schema.metadata)
        return Table(name, tuple(data.schema.names), rows_of(data.to_batches(), names))
    try:
        found = iter(data)
    except TypeError as error:
        raise InputError(
            f"{name}: found an object of type '{type(data).__name__}', expected rows: an iterable "
            "of dicts, a DataFrame or a Dataset"
        ) from error
    names = class_names_of(getattr(data, "features", None))
    return Table(name, *with_columns(enumerate((_row(each, names) for each in found), start=1)))


def _check_are_different(columns: Sequence[str], name: str) -> None:
    twice = [column for column, count in Counter(columns).items() if count > 1]
    if twice:
        raise InputError(
            f"{name}: {len(twice)} columns have a name that stands twice, {shown_name(twice[0])} "
            "the first; rename one of them"
        )


def _row(value: object, class_names: ClassNames) -> Row | RowError:
    if not isinstance(value, Mapping):
        return RowError(f"found an object of type '{type(value).__name__}', expected a dict")
    if not all(type(key) is str for key in value):
        return RowError("found a key that is no text, expected names of columns")
    if not class_names:
        return value
    named = {
        column: names[value[column]] if value[column] >= 0 else None  # -1: not known
        for column, names in class_names.items()
        if value.get(column) is not None
    }
    return {**value, **named}

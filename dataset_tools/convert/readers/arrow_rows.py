"""Rows of Arrow tables, as Parquet files and Hugging Face datasets hold them."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from dataset_tools.convert.table import Row, RowError

ROWS_AT_ONCE = 1000
ClassNames = Mapping[str, Sequence[str]]


def rows_of(
    batches: Iterable[Any], class_names: ClassNames | None = None
) -> Iterator[tuple[int, Row | RowError]]:
    """The rows of record batches or tables, numbered from 1 over all of them.

    Values become Python's own; bytes stay bytes, and a number of a class becomes its name.
    """
    number = 1
    for batch in batches:
        for row in _rows_of_batch(batch, class_names or {}):
            yield number, row
            number += 1


def _rows_of_batch(batch: Any, class_names: ClassNames) -> Iterator[Row | RowError]:
    names: list[str] = batch.schema.names
    try:
        columns = [_values(batch.column(name), class_names.get(name)) for name in names]
    except (ValueError, OverflowError) as error:  # UnicodeDecodeError is one
        if batch.num_rows > 1:
            for index in range(batch.num_rows):
                yield from _rows_of_batch(batch.slice(index, 1), class_names)
        else:
            yield RowError(f"a value cannot be read: {error}")
        return
    for values in zip(*columns, strict=True):
        yield dict(zip(names, values))  # noqa: B905 - a column for each name


def _values(column: Any, class_names: Sequence[str] | None) -> list[Any]:
    import pyarrow

    if pyarrow.types.is_timestamp(column.type) and column.type.unit == "ns":
        try:  # Python's times end at microseconds
            column = column.cast(pyarrow.timestamp("us", column.type.tz))
        except pyarrow.ArrowInvalid:
            column = column.cast(pyarrow.string())
    values: list[Any] = column.to_pylist()
    if class_names is None:
        return values
    # an unlabelled row's class is None or -1
    return [class_names[each] if each is not None and each >= 0 else None for each in values]


def class_names_of(features: Mapping[str, Any]) -> dict[str, list[str]]:
    """The names of classes by column, from a dataset's features."""
    return {
        column: list(feature.names)
        for column, feature in features.items()
        if type(feature).__name__ == "ClassLabel" and feature.names
    }


def class_names_of_schema(metadata: Mapping[bytes, bytes] | None) -> dict[str, list[str]]:
    """The same, from what the library for datasets writes into an Arrow schema."""
    try:
        features = json.loads((metadata or {})[b"huggingface"])["info"]["features"]
        return {
            column: feature["names"]
            for column, feature in features.items()
            if feature.get("_type") == "ClassLabel" and feature.get("names")
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}


def notes_on(class_names: ClassNames) -> tuple[str, ...]:
    """What to say where numbers became names."""
    if not class_names:
        return ()
    return (f"class names in place of numbers: {', '.join(map(repr, class_names))}",)

"""Rows of Arrow tables, as Parquet files and Hugging Face datasets hold them."""

from collections.abc import Iterable, Iterator
from typing import Any

from dataset_tools.arrow_values import ClassNames, values_of
from dataset_tools.convert.table import Row, RowError
from dataset_tools.convert.values import shown_name

ROWS_AT_ONCE = 1000


def rows_of(
    batches: Iterable[Any], class_names: ClassNames
) -> Iterator[tuple[int, Row | RowError]]:
    """The rows of record batches or tables, numbered from 1 over all of them."""
    number = 1
    for batch in batches:
        for row in _rows_of_batch(batch, class_names):
            yield number, row
            number += 1


def _rows_of_batch(batch: Any, class_names: ClassNames) -> Iterator[Row | RowError]:
    names: list[str] = batch.schema.names
    try:
        columns = [values_of(batch.column(name), class_names.get(name)) for name in names]
    except (ValueError, OverflowError, IndexError) as error:
        if batch.num_rows > 1:
            for index in range(batch.num_rows):
                yield from _rows_of_batch(batch.slice(index, 1), class_names)
        else:
            yield RowError(f"a value cannot be read: {error}")
        return
    for values in zip(*columns, strict=True):
        yield dict(zip(names, values))  # noqa: B905 - a column for each name


def notes_on(class_names: ClassNames) -> tuple[str, ...]:
    """What to say where numbers became names."""
    if not class_names:
        return ()
    columns = ", ".join(map(shown_name, class_names))
    return (f"class names in place of numbers in {columns}",)

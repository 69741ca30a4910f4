"""Values of Arrow columns as Python's own, and numbers of classes as the classes' names."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

ClassNames = Mapping[str, Sequence[str]]
"""The names of classes, by column; the number of a class is its name's index."""


def values_of(column: Any, class_names: Sequence[str] | None = None) -> list[Any]:
    """The values of an Arrow array; bytes stay bytes, so images and sounds are not decoded.

    Times with nanoseconds, which Python's have none of, become text, and numbers of 32 bits the
    shortest that round to them: 0.1, not 0.10000000149011612. Raises ValueError for a value that
    Python cannot hold.
    """
    import pyarrow

    if pyarrow.types.is_timestamp(column.type) and column.type.unit == "ns":
        try:
            column = column.cast(pyarrow.timestamp("us", column.type.tz))
        except pyarrow.ArrowInvalid:
            column = column.cast(pyarrow.string())
    if pyarrow.types.is_float32(column.type):
        column = column.cast(pyarrow.string()).cast(pyarrow.float64())
    values: list[Any] = column.to_pylist()
    if class_names is None:
        return values
    # a row without a class has None or -1
    return [class_names[each] if each is not None and each >= 0 else None for each in values]


def class_names_of(features: Mapping[str, Any] | None) -> ClassNames:
    """The names of classes in a dataset's features; nothing where those are not known."""
    return {
        column: list(feature.names)
        for column, feature in (features or {}).items()
        if type(feature).__name__ == "ClassLabel" and feature.names
    }


def class_names_of_schema(metadata: Mapping[bytes, bytes] | None) -> ClassNames:
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

"""Values of a row as text: exactly what stands in the table, nothing guessed."""

import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Literal

from dataset_tools.convert.table import Row, RowError
from dataset_tools.printable import elided, printable
from dataset_tools.records import is_valid_weight

_MOST_NAMED = 5  # keys of a row that a message lists

MissingPolicy = Literal["error", "empty"]


def column_text(row: Row, column: str, missing: MissingPolicy = "error") -> str:
    """The text of a row's value; raises RowError where it is missing and may not be."""
    value = row.get(column)
    if type(value) is str:
        return value
    if is_missing(value):
        if missing == "empty":
            return ""
        raise RowError(
            f"column {shown_name(column)} has no value{_what_there_is(column, row)}; fill it in "
            "(--missing empty reads it as an empty text, which a completion must not be)"
        )
    try:
        return _text_of(value)
    except (TypeError, ValueError) as error:  # ValueError: a number of 5,000 digits
        example = " such as 1:30:00" if isinstance(value, timedelta) else ""
        raise RowError(
            f"column {shown_name(column)} holds {error}, expected text; write it as text{example} "
            "in the table"
        ) from error


def weight_of(row: Row, column: str) -> float:
    """A record's weight; a missing one is 1. Raises RowError where it is no number >= 0."""
    value = row.get(column)
    if is_missing(value) or value == "":
        return 1.0
    try:
        weight = float(value) if isinstance(value, str) else value
    except ValueError:
        weight = None
    if not is_valid_weight(weight):
        raise RowError(
            f"column {shown_name(column)} holds {elided(printable(str(value)))!r}, "
            "expected a weight: a finite number >= 0"
        )
    return float(weight)


def is_missing(value: object) -> bool:
    """Whether a table says by this that it has no value: None, NaN, or pandas' NaT."""
    if value is None:
        return True
    try:
        return bool(value != value)  # NaN and NaT alone differ from themselves
    except (TypeError, ValueError):  # pandas' NA is no truth value, nor is a whole array
        return type(value).__name__ == "NAType"


def _what_there_is(column: str, row: Row) -> str:
    """What a row has instead that lacks the column altogether."""
    if column in row:
        return ""
    keys = ", ".join(map(shown_name, islice(row, _MOST_NAMED))) or "nothing"
    return f" (this row has {keys})"


def shown_name(column: str) -> str:
    """A column's name as messages show it."""
    return repr(elided(printable(column)))


def _text_of(value: object) -> str:
    """The one way to write a value that is not text: numbers as Python does, the rest as JSON."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=_text_of)
    if hasattr(value, "tolist"):  # a number or an array of numpy's, which knows its Python equal
        return _text_of(value.tolist())
    if isinstance(value, timedelta):
        raise TypeError(f"a duration ({value})")
    raise TypeError(f"a value of type '{type(value).__name__}'")

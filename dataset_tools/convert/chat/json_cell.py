"""JSON in a cell: lists and objects as readers of all formats hand them over.

A JSON Lines file gives lists of dicts, pandas gives arrays of dicts, and a CSV file the text of
either: JSON, or what Python prints, which is how pandas writes a list into a CSV file.
"""

import ast
import json
import math
import warnings
from collections.abc import Mapping

from dataset_tools.convert.table import RowError


def as_list(value: object) -> list[object] | None:
    """The list that a value is, or that its text spells; None where it is none."""
    if isinstance(value, str):
        value = _parsed_list(value)
    if isinstance(value, list | tuple):
        return list(value)
    if hasattr(value, "tolist"):  # an array
        items = value.tolist()
        return items if isinstance(items, list) else None
    return None


def kind_of(value: object) -> str:
    """What messages call the value: JSON's own name for its kind, where it has one."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list | tuple) or hasattr(value, "tolist"):
        return "a list" if as_list(value) is not None else "a number"
    return "a number" if isinstance(value, int | float) else f"a '{type(value).__name__}'"


def json_text(value: object) -> str:
    """The value as JSON on one line; raises RowError where JSON has no such value."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_of_a_library)
    except (TypeError, ValueError, RecursionError) as error:
        raise RowError(f"holds what JSON cannot hold: {error}") from error


def plain_json(value: object) -> object:
    """The value as dicts, lists and plain values; raises RowError where JSON has no such value."""
    return json.loads(json_text(value))


def parsed_object(text: str) -> dict[str, object] | None:
    """The object that a text spells as JSON, None where it spells none or one that would change.

    A key given twice or a number too large for Python would come out otherwise than it went in.
    """
    try:
        value = json.loads(
            text,
            object_pairs_hook=_distinct_keys,
            parse_float=_finite,
            parse_constant=_refused_constant,
        )
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _parsed_list(text: str) -> object:
    if not text.lstrip().startswith("["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of escapes that Python itself never prints
            return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _of_a_library(value: object) -> object:
    """What json.dumps asks for: arrays and numbers of numpy's, and other mappings."""
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a value of type '{type(value).__name__}'")


def _distinct_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a key twice")
    return members


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("too large")
    return number


def _refused_constant(text: str) -> object:
    raise ValueError(f"{text} is no JSON")

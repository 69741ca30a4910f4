"""The exact verdict on one JSON value that should be a row, in lint's words.

Fast parsers let through a key that stands twice (the last one wins), NaN, and half a surrogate
pair. The number of strings, against that of quotes, tells cheaply whether a second look is needed.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

from dataset_tools.convert.table import Row, RowError
from dataset_tools.json_scanner import Scan, lone_surrogate_at, scan_line, type_name
from dataset_tools.parsing import parse_line
from dataset_tools.printable import elided

_NO_NUMBER = "write null for a missing value, or put in quotes what is meant as text"


def row_of_line(number: int, content: bytes) -> Row | RowError | None:
    """The row of a line that a fast parser refused or read doubtfully; None for a blank line."""
    line = parse_line(number, content)
    if line.invalid_utf8_at is not None:
        return RowError(
            f"column {line.invalid_utf8_at + 1}: invalid UTF-8 byte, expected UTF-8 text; "
            "--encoding names another"
        )
    if line.scan is None:
        return None
    return _row_of_scan(line.text, line.scan, lambda at: f"column {at + 1}")


def row_of_text(text: str, place: Callable[[int], str]) -> Row | RowError:
    """The row of a JSON value's text, likewise; `place` names that of a character, from 0."""
    return _row_of_scan(text, scan_line(text), place)


def _row_of_scan(text: str, scan: Scan, place: Callable[[int], str]) -> Row | RowError:
    stopped = scan.syntax_error or scan.unreadable
    if stopped is not None:
        malformed = "malformed JSON: " if scan.syntax_error else ""
        return RowError(f"{place(stopped.at)}: {malformed}{stopped.what}")
    for constant in scan.constants:
        return RowError(f"{place(constant.at)}: '{constant.what}' is not JSON; {_NO_NUMBER}")
    for key in scan.duplicate_keys:
        return RowError(
            f"{place(key.at)}: key '{elided(key.what)}' stands twice in one object, expected once"
        )
    row = json.loads(text)
    if not isinstance(row, dict):
        return RowError(f"{place(_start(text))}: {type_name(scan.value)}, expected a JSON object")
    return _without_odd_values(row)


def _start(text: str) -> int:
    return len(text) - len(text.lstrip())


def _without_odd_values(row: dict[str, Any]) -> Row | RowError:
    """The row, unless it holds half a surrogate pair or a number that is no finite one."""
    for key, value in row.items():
        if lone_surrogate_at(key) is not None:
            return RowError("a key holds a lone surrogate")
        found = odd_value(value)
        if found is not None:
            return RowError(f"'{elided(key)}': {found}")
    return row


def odd_value(value: object) -> str | None:
    """What no JSON value should hold: half a surrogate pair, a number that is no finite one."""
    level = [value]
    while level:
        following: list[object] = []
        for each in level:
            if isinstance(each, str):
                at = lone_surrogate_at(each)
                if at is not None:
                    escape = f"\\u{ord(each[at]):04x}"
                    return f"'{escape}' is half a surrogate pair, expected a whole character"
            elif isinstance(each, dict):
                following += [*each, *each.values()]
            elif isinstance(each, list):
                following += each
            elif isinstance(each, float) and not abs(each) <= sys.float_info.max:
                return f"a number that is not finite, or too large to read; {_NO_NUMBER}"
        level = following
    return None


def strings_of_row(row: Row) -> int:
    """How many strings an object holds, keys included."""
    strings = len(row)
    for value in row.values():
        kind = type(value)
        if kind is str:
            strings += 1
        elif kind is dict or kind is list:
            strings += _strings_within(value)
    return strings


def _strings_within(value: object) -> int:
    strings = 0
    level = [value]
    while level:
        following: list[object] = []
        for each in level:
            if isinstance(each, str):
                strings += 1
            elif isinstance(each, dict):
                strings += len(each)
                following += each.values()
            elif isinstance(each, list):
                following += each
        level = following
    return strings

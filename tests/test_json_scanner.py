"""The exact JSON scanner against Python's own reader."""

import json
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dataset_tools.json_scanner import (
    MAX_DEPTH,
    MAX_NUMBER_LENGTH,
    Container,
    position_in_literal,
    scan_line,
)

PUNCTUATION = '{}[]:,"\\ \t\r\n-+.eE019abtu'
JSON_PIECES = st.sampled_from(
    [*PUNCTUATION, '"a"', "true", "null", "NaN", "-Infinity", "1e5", '"prompt": "a"']
) | st.sampled_from(["\\u00e9", "\\ud83d\\ude00", "\x00", "\u2028", "\x0c", "中"])
NEARLY_JSON = st.lists(JSON_PIECES, max_size=30).map("".join)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10
)


def reject(constant: str) -> None:
    raise ValueError(constant)


def python_accepts(text: str) -> bool:
    try:
        json.loads(text, parse_constant=reject)
    except (ValueError, RecursionError):
        return False
    return True


@given(st.text() | NEARLY_JSON | VALUES.map(json.dumps))
@example('{"a": NaN}')
@example('{"a": 1,}')
@example('"\\ud83d"')
@example("[1 2]")
@example("-")
@example("\ufeff{}")
@settings(deadline=None, max_examples=400)
def test_verdict_is_that_of_python(text: str) -> None:
    """A text is sound exactly when Python's reader, told to refuse NaN, takes it."""
    scan = scan_line(text)

    sound = scan.syntax_error is None and not scan.constants
    assert python_accepts(text) == sound


@given(NEARLY_JSON.filter(lambda text: not python_accepts(text)))
@settings(deadline=None)
def test_a_syntax_error_points_into_the_line_or_at_its_end(text: str) -> None:
    """The place of an error is never beyond the text, and what is wrong is never blank."""
    error = scan_line(text).syntax_error

    assert error is None or (0 <= error.at <= len(text) and error.what)


@given(st.dictionaries(st.text(), SCALARS), st.sampled_from([None, 2]), st.booleans())
@settings(deadline=None)
def test_members_of_a_flat_object(row: dict[str, object], indent: int | None, ascii_: bool) -> None:
    """Keys and values are Python's, and each place is that of the literal that spells them."""
    text = json.dumps(row, indent=indent, ensure_ascii=ascii_)

    members = scan_line(text).members

    assert row == {member.key: member.value for member in members}
    for member in members:
        assert json.loads(text[member.value_at : member.value_end]) == member.value
        assert json.JSONDecoder().raw_decode(text, member.key_at)[0] == member.key


@given(st.dictionaries(st.text(), VALUES))
@settings(deadline=None)
def test_members_of_a_nested_object(row: dict[str, object]) -> None:
    """A nested value is a container of its kind, and its place holds all of it."""
    text = json.dumps(row)

    for member in scan_line(text).members:
        value = json.loads(text[member.value_at : member.value_end])
        assert value == row[member.key]
        if isinstance(value, list | dict):
            assert Container("array" if isinstance(value, list) else "object") == member.value


SPELLINGS = st.sampled_from(
    [*'aé"\\\n😀', r"\/", r"\u00E9", r"\u005c", r"\ud83d", r"\uDE00", r"\ud83d\ude00", r"\\u"]
).map(lambda each: json.dumps(each, ensure_ascii=False)[1:-1] if len(each) == 1 else each)


@given(st.lists(st.tuples(SPELLINGS, st.integers(1, 3) | st.just(1500)), max_size=6))
@example([(r"\ud83d", 1), (r"\ud83d\ude00", 2), (r"\ude00", 1)])
@example([(r"\\u", 1), ("a", 4), (r"\n", 1000), (r"\u00E9", 1001)])
@settings(deadline=None)
def test_positions_of_all_spellings(runs: list[tuple[str, int]]) -> None:
    """What stands before a position spells what stands before the character, run by run."""
    literal = json.dumps("") if not runs else f'"{"".join(each * times for each, times in runs)}"'
    text = json.loads(literal)

    for offset in {0, 1, 999, 1000, len(text) // 2, len(text)}:
        if offset <= len(text):
            position = position_in_literal(literal, 0, offset)
            assert text[:offset] == json.loads(f'{literal[:position]}"')
            assert text[offset:] == json.loads(f'"{literal[position:]}')


@given(st.text(), st.text(min_size=1, max_size=3), st.booleans())
@settings(deadline=None)
def test_position_in_literal(before: str, after: str, ascii_: bool) -> None:
    """The position of a character is where its spelling begins, escapes and pairs counted whole."""
    prefix = '{"text": '
    literal = json.dumps(before + after, ensure_ascii=ascii_)
    spelt_before = json.dumps(before, ensure_ascii=ascii_)

    position = position_in_literal(prefix + literal, len(prefix), len(before))

    assert len(prefix) + len(spelt_before) - 1 == position


@pytest.mark.parametrize("content", ["a", "\\u00e9", "\\ud83d\\ude00", "b\\n\\u00e9"])
def test_a_string_cut_off_is_not_closed(content: str) -> None:
    """A line that ends within a string, be it after a whole escape, lacks the closing quote."""
    text = '{"prompt":"' + content

    error = scan_line(text).syntax_error

    assert error is not None
    assert error.what == "the string that starts in column 11 is not closed"
    assert len(text) == error.at


def test_a_bad_escape_before_the_end_is_named() -> None:
    """An escape that is none is the first mistake, even where the string is cut off as well."""
    error = scan_line('{"prompt":"\\x \\u00e9').syntax_error

    assert error is not None
    assert error.what == "'\\x' is not a valid escape"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("[" * (MAX_DEPTH + 1), MAX_DEPTH),
        ("[" * 1_000_000, MAX_DEPTH),
        ('{"a":' * 1_000_000, MAX_DEPTH * 5),
        ("1" * (MAX_NUMBER_LENGTH + 1), 0),
        ('{"a": ' + "1" * 5000 + "}", 6),
        ('{"a": 0.' + "1" * 5000 + "}", 6),
    ],
    ids=["deep", "deeper", "objects", "long", "integer", "fraction"],
)
def test_limits_are_no_syntax_errors(text: str, at: int) -> None:
    """Depth and length beyond the limits are named as such, and nothing crashes."""
    scan = scan_line(text)

    assert scan.syntax_error is None
    assert scan.unreadable is not None
    assert at == scan.unreadable.at


def test_values_at_the_limits_are_read() -> None:
    """The deepest nesting and the longest number that are allowed are read."""
    assert scan_line("[" * MAX_DEPTH + "]" * MAX_DEPTH).unreadable is None
    assert int("7" * MAX_NUMBER_LENGTH) == scan_line("7" * MAX_NUMBER_LENGTH).value


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"text": "a" * 1_000_000}),
        json.dumps({"text": "\n" * 500_000}),
        json.dumps({"x": [{"y": [1, "a"]}] * 1_000}),
        json.dumps({str(number): number for number in range(60_000)}),
        '"' * 1_000_000,
        " " * 1_000_000,
    ],
    ids=["long string", "escapes", "items", "keys", "quotes", "blank"],
)
def test_long_lines_take_linear_time(text: str) -> None:
    """A line of a megabyte takes the processor well under two seconds (measured: at most 0.2)."""
    start = time.process_time()

    scan_line(text)

    assert time.process_time() - start < 2

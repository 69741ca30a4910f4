"""The look at raw bytes tells what the exact look at each line finds."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_tools.byte_scan import ByteScan
from dataset_tools.rules.dt204_odd_character import _ODD, _odd_places, _pattern, _problems

ODD_TEXTS = st.text(
    st.sampled_from('a"\\/\n\té\u00c2\u00c3\u00e2\u0080\u00a9\u20ac\u2019\u0099\u00ad\u200b\u200d')
    | st.sampled_from("\u0000\b\f\u001f\u007f\u0085\u202e\u2060\ufeff\ufffd😀ð\u0178日اдก가"),
    max_size=8,
)
TEXTS = st.text(max_size=8) | ODD_TEXTS
OBJECTS = st.dictionaries(TEXTS, TEXTS | st.lists(TEXTS, max_size=2) | st.integers(), max_size=4)
LINES = st.lists(
    st.builds(
        lambda row, raw: f"{json.dumps(row, ensure_ascii=not raw)}\n".encode(),
        OBJECTS,
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
)


def count_strings(value: Any) -> int:
    if isinstance(value, str):
        return 1
    if isinstance(value, dict):
        return len(value) + sum(map(count_strings, value.values()))
    return sum(map(count_strings, value)) if isinstance(value, list) else 0


@given(LINES)
def test_strings_are_counted(lines: list[bytes]) -> None:
    """Quotes in the bytes give the number of strings, whatever the strings hold."""
    scan = ByteScan(b"".join(lines))
    counts = [count_strings(json.loads(line)) for line in lines]

    assert counts == scan.count_strings_by_line()
    assert 2 * sum(counts) == len(scan.string_delimiters)


@given(st.binary(max_size=20), st.lists(st.integers(-9, 25), max_size=4))
def test_words_are_the_bytes_from_a_place_on(block: bytes, places: list[int]) -> None:
    """Eight bytes from anywhere are one number; before the lines and behind them are zeros."""
    framed = bytes(9) + block + bytes(20)
    expected = [int.from_bytes(framed[9 + at : 17 + at], "little", signed=True)
                for at in sorted(places)]  # fmt: skip

    words = ByteScan(block).words(np.array(sorted(places), np.intp))

    assert expected == words.tolist()


def test_a_hidden_member_counts() -> None:
    """A key that stands twice has strings that parsers do not give back."""
    scan = ByteScan(b'{"a": "b", "a": "\\u0022c"}\n{"a": "\\\\"}\n')

    assert scan.count_strings_by_line() == [4, 2]


@given(st.lists(st.tuples(TEXTS, st.booleans()), min_size=1, max_size=6))
def test_no_line_with_an_odd_character_is_missed(texts: list[tuple[str, bool]]) -> None:
    """Every line in whose text DT204 finds something is named, raw or escaped."""
    lines = [
        f"{json.dumps({'text': text}, ensure_ascii=not raw)}\n".encode(errors="surrogatepass")
        for text, raw in texts
    ]

    named = ByteScan(b"".join(lines)).lines_with_odd_characters()

    odd = [index for index, (text, _) in enumerate(texts) if any(_problems("text", text))]
    assert set(odd) <= set(named)


def test_plain_lines_are_not_named() -> None:
    """Escapes that text needs, and letters beyond ASCII, are no reason for a second look."""
    lines = [
        r'{"text": "a\n\t\r\"\\ \u00e9\u65e5 \ud83d\ude00"}',
        '{"text": "Âme, né, 日本, “q” 😀"}',
    ]

    assert (
        ByteScan("".join(f"{line}\n" for line in lines).encode()).lines_with_odd_characters() == []
    )


@given(
    st.lists(st.text("#\n ENDa\\", max_size=12), min_size=1, max_size=5),
    st.sampled_from(["#", "\n##\n", " END", "\n\n###\n\n", "/", "a"]),
)
def test_marks_are_counted(texts: list[str], mark: str) -> None:
    """The count is never below the number of places at which the texts hold the mark."""
    lines = [f"{json.dumps([text])}\n".encode() for text in texts]

    count = ByteScan(b"".join(lines)).count_text(mark)

    assert count is not None
    assert count >= sum(text.count(mark) for text in texts)


@given(st.lists(st.text('#\n\\na"', max_size=12), min_size=1, max_size=5))
def test_line_starts_are_counted(texts: list[str]) -> None:
    """A sign behind a line break, not behind a backslash and an n."""
    lines = [f"{json.dumps([text])}\n".encode() for text in texts]

    count = ByteScan(b"".join(lines)).count_line_starts("#")

    assert count == sum(text.count("\n#") for text in texts)
    assert ByteScan(b'["\\u0023"]\n').count_line_starts("#") is None


def test_an_unusual_spelling_is_not_counted() -> None:
    """Where a character of the mark may be spelt otherwise, there is no count."""
    assert ByteScan(b'["\\u0023"]\n').count_text("#") is None
    assert ByteScan(b'["<\\/s>"]\n').count_text("</s>") is None
    assert ByteScan(b'["#"]\n').count_text("→") is None
    assert ByteScan(b'["#"]\n').count_text("#") == 1
    assert ByteScan(b'["\\u0001#"]\n').count_text("#") == 1  # it has no other spelling


def test_a_control_character_is_not_counted() -> None:
    """A mark with a control character that has two spellings, or is spelt as it is, is found."""
    assert ByteScan(b'["\\u001B"]\n').count_text("\x1b") is None
    assert ByteScan(b'["\x7f"]\n').count_text("\x7f") == 1


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize(
    ("around", "is_named"),
    [("дд", True), ("가가", True), ("اا", True), ("กข", False), ("д日", False)],
)
def test_a_zero_width_space_parts_words_of_few_scripts(
    around: str, is_named: bool, raw: bool
) -> None:
    """Between letters of a script that writes spaces it is odd; where there are none it is not."""
    line = json.dumps({"text": "\u200b".join(around)}, ensure_ascii=not raw).encode()

    assert ([0] if is_named else []) == ByteScan(line).lines_with_odd_characters()


def test_a_structural_brace_is_no_text() -> None:
    """A brace that opens each line says nothing of the strings; a further one does."""
    assert not ByteScan(b'{"a": "b"}\n' * 2).may_hold("{", outside=2)
    assert ByteScan(b'{"a": "b"}\n{"a": "{"}\n').may_hold("{", outside=2)
    assert ByteScan(b'{"a": "\\u007b"}\n').may_hold("{", outside=1)


def test_escaped_backslashes_begin_no_escape() -> None:
    """LaTeX and joiners inside the scripts that need them are no reason for a second look."""
    lines = [
        r'{"text": "\\frac \\beta \\u \\\\u0000"}', '{"text": "می\u200cخواهم"}',
        r'{"text": "\u0645\u200c\u062e"}', '{"text": "👩\u200d💻 ក\u200bខ"}',
    ]  # fmt: skip

    named = ByteScan("".join(f"{line}\n" for line in lines).encode()).lines_with_odd_characters()

    assert named == []


@given(TEXTS)
def test_a_look_at_single_characters_finds_all(text: str) -> None:
    """DT204 finds what its whole pattern finds, though it tries that at few characters only."""
    expected = [match.span() for match in _pattern(_ODD).finditer(text)]

    assert expected == [match.span() for match in _odd_places(text)]

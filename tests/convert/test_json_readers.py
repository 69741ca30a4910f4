"""JSON documents and JSON Lines: which layouts are rows, and where a fault stands."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables import head_of, outline, refusal, rows_of, write

from dataset_tools.convert.readers import json_text

NO_NUMBER = "write null for a missing value, or put in quotes what is meant as text"
ROWS = [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]


@pytest.mark.parametrize(
    ("document", "notes"),
    [
        (ROWS, ()),
        ({"a": [1, 2], "b": ["x", "y"]}, ("read as an object of columns",)),
        ({"data": ROWS}, ("the rows are those under the key 'data'",)),
        ({"version": "1.1", "data": ROWS}, ("the rows are those under the key 'data'",)),
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_rows_are_found_in_each_layout(
    document: object, notes: tuple[str, ...], indent: int | None, tmp_path: Path
) -> None:
    """An array of objects, columns, and rows under one key; the last two are noted."""
    path = write(tmp_path, "x.json", json.dumps(document, indent=indent))

    assert rows_of(path) == ROWS
    assert (notes, ("a", "b")) == (head_of(path).notes, head_of(path).columns)


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "p", "completion": "c"},
        {"messages": [{"role": "user", "content": "x"}]},
        {"prompt": "p", "tags": ["a"], "meta": {"id": 1}},
        {"meta": {"id": 1}},
    ],
)
def test_one_object_is_one_row(row: dict, tmp_path: Path) -> None:
    """Also a chat, whose messages are no rows."""
    assert [row] == rows_of(write(tmp_path, "x.json", json.dumps(row)))


def test_objects_one_after_the_other_are_rows(tmp_path: Path) -> None:
    """As jq writes them, each over several lines."""
    path = write(tmp_path, "x.json", "\n".join(json.dumps(row, indent=2) for row in ROWS))

    assert rows_of(path) == ROWS
    assert head_of(path).notes == ("read as one JSON object after the other",)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"0": {"a": 1}, "1": {"a": 2}}', "x.json: an object of objects ('0', '1'), of which"),
        ('{"train": [{}], "test": [{}]}', "x.json: an object with 2 arrays of objects ('train',"),
        ('{"a": [1, 2], "b": [1]}', "different lengths ('a' has 2, 'b' has 1)"),
        ('{"a": [1], "a": [2]}', "x.json: the key 'a' stands twice"),
        ("3", "x.json: one value that is no object"),
        ("", "x.json: the file is empty"),
        (" \n", "x.json: the file is empty"),
        ("[]", "x.json: the file holds no rows"),
        ('{"a": []}', "x.json: the file holds no rows"),
        ('[{"a": 1},\n {"b" 2}]', "x.json:2:7: malformed JSON: expected ':' after the key 'b'"),
        ('[{"a": 1},\n {"b":', "x.json:2:7: malformed JSON: expected a value, found the end of"),
        ('[{"a": 1},\n {"b": "x', "x.json:2:10: malformed JSON: the string that starts in column"),
        ('[{"a": 1}', "x.json:1:10: malformed JSON: expected ',' or ']', found the end of"),
        ('[{"a": 1}] {"a": 1}', "x.json:1:12: malformed JSON: expected the end of the file"),
        ('[{"a": 1},]', "x.json:1:11: malformed JSON: expected a value, found ']'"),
        ('[{"a": 1} {"a": 2}]', "x.json:1:11: malformed JSON: expected ',' or ']'"),
        ("[{'a': 1}]", "x.json:1:3: malformed JSON: expected a key in double quotes"),
        ('[{"a": "x\ny"}]', "x.json:1:10: malformed JSON: the control character '\\n'"),
        ('[{"a": "\\ux"}]', "x.json:1:9: malformed JSON: '\\ux\"}]' is not a valid escape"),
        ('{"a": 1,}', "x.json:1:9: malformed JSON: expected a key in double quotes"),
        ('{"a": 1\n', "x.json:2:1: malformed JSON: expected ',' or '}', found the end of"),
        (f'[{{"a": 1{"0" * 5000}}}]', "x.json:1:8: a number of 5001 characters"),
        ('[{"a\\nb", 1}]', "x.json:1:9: malformed JSON: expected ':' after the key 'a\\nb'"),
        ("[" * 100_000, "x.json:1:502: nested more than 500 levels deep"),
    ],
)
def test_what_cannot_be_read_is_refused(content: str, expected: str, tmp_path: Path) -> None:
    """In one line, with the place where reading stopped, or what was found instead of rows."""
    assert expected in refusal(write(tmp_path, "x.json", content), "json")


def test_an_array_of_mixed_values_has_errors_in_their_places(tmp_path: Path) -> None:
    """The objects among them are rows."""
    content = '[{"a": 1},\n3, "x", null, [1],\n{"a": NaN}, {"a": 1, "a": 2},\n {"a": "\\ud800"},\
 {"a": 1e999}, {"a": "\\ud83d\\ude00"}]'

    assert outline(write(tmp_path, "x.json", content)) == [
        (1, {"a": 1}),
        (2, "line 2, column 1: a number, expected a JSON object"),
        (3, "line 2, column 4: a string, expected a JSON object"),
        (4, "line 2, column 9: null, expected a JSON object"),
        (5, "line 2, column 15: an array, expected a JSON object"),
        (6, f"line 3, column 7: 'NaN' is not JSON; {NO_NUMBER}"),
        (7, "line 3, column 22: key 'a' stands twice in one object, expected once"),
        (8, "'a': '\\ud800' is half a surrogate pair, expected a whole character"),
        (9, f"'a': a number that is not finite, or too large to read; {NO_NUMBER}"),
        (10, {"a": "😀"}),
    ]


def test_odd_values_in_columns_are_errors_of_their_rows(tmp_path: Path) -> None:
    """The other rows are read."""
    path = write(tmp_path, "x.json", '{"a": ["x", "\\ud800", "z"], "b": [1.5, 2, NaN]}')

    assert outline(path) == [
        (1, {"a": "x", "b": 1.5}),
        (2, "'\\ud800' is half a surrogate pair, expected a whole character"),
        (3, f"a number that is not finite, or too large to read; {NO_NUMBER}"),
    ]


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.sampled_from(['"}, {', '"}]}, {"', "\\"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("d"), inner),
    max_leaves=6,
)


@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), VALUES, min_size=1), min_size=1),
    st.integers(1, 60),
    st.sampled_from([None, 0, 2]),
)
def test_rows_are_the_same_wherever_a_chunk_ends(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict], size: int, indent: int | None
) -> None:
    """Values that reach over the ends of chunks are read whole, several at once or one by one."""
    path = write(tmp_path_factory.getbasetemp(), "x.json", json.dumps(rows, indent=indent))
    usual = json_text.CHUNK
    json_text.CHUNK = size
    try:
        assert rows == rows_of(path, "json")
    finally:
        json_text.CHUNK = usual


def test_places_are_exact_beyond_the_first_chunk(tmp_path: Path) -> None:
    """Lines and columns are counted over all chunks."""
    lines = ['{"a": "ü"}'] * 300_000
    path = write(tmp_path, "x.json", "[" + ",\n".join(lines) + ',\n{"a": "ü", "b" 1}]')

    assert refusal(path).startswith("x.json:300001:16: malformed JSON")


@pytest.mark.parametrize("layout", ["array", "columns", "under a key"])
def test_memory_does_not_grow_with_the_file(layout: str, tmp_path: Path) -> None:
    """A file of 60 MB is read within 40 MB over the base."""
    row = json.dumps({"a": "x" * 1000, "b": "y"})
    with (tmp_path / "x.json").open("w") as file:
        if layout == "columns":
            file.write('{"a": [' + ",".join(['"' + "x" * 1000 + '"'] * 60_000))
            file.write('], "b": [' + ",".join(['"y"'] * 60_000) + "]}")
        else:
            file.write("[" if layout == "array" else '{"data": [')
            file.write(",\n".join([row] * 60_000))
            file.write("]" if layout == "array" else "]}")
    code = (
        "import resource, sys, pathlib, msgspec, numpy\n"
        "from tables import open_table, SourceFile\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "base, path = peak(), pathlib.Path(sys.argv[1])\n"
        "with open_table(SourceFile('x', path)) as table: rows = sum(1 for _ in table.rows)\n"
        "print(rows, (peak() - base) // 1024)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "x.json")],
        cwd=Path(__file__).parent, capture_output=True, text=True, check=True,
    )  # fmt: skip

    rows, megabytes = map(int, run.stdout.split())
    assert (rows, megabytes < 40) == (60_000, True)


def test_lines_are_numbered_by_newlines_alone(tmp_path: Path) -> None:
    """Blank lines are skipped and counted; a line separator within a string is part of it."""
    path = write(tmp_path, "x.jsonl", '{"a": "x\u2028y"}\r\n\n \r\n{"a": 2}')

    assert outline(path) == [(1, {"a": "x\u2028y"}), (4, {"a": 2})]
    assert head_of(path).place(4, 2) == "x.jsonl:4: row 2"


def test_faulty_lines_are_errors_in_their_places(tmp_path: Path) -> None:
    """In lint's words, with the column; the lines around them are read."""
    lines = [
        '{"a": 1}', '{"a": 2', '{"a": NaN}', '{"a": 1, "a": 2}', "[1]", '{"a": "\\ud800"}',
        '{"a": {"b": ["\\ud800"]}}', '{"a": 1e999}', f'{{"a": {"1" * 5000}}}', "[" * 600,
        '{"a": "C:\\\\"}', "{}",
    ]  # fmt: skip
    path = write(tmp_path, "x.jsonl", "\n".join(lines))

    half_a_pair = "'a': '\\ud800' is half a surrogate pair, expected a whole character"
    assert [
        (1, {"a": 1}),
        (2, "column 8: malformed JSON: expected ',' or '}', found the end of the line"),
        (3, f"column 7: 'NaN' is not JSON; {NO_NUMBER}"),
        (4, "column 10: key 'a' stands twice in one object, expected once"),
        (5, "column 1: an array, expected a JSON object"),
        (6, half_a_pair),
        (7, half_a_pair),
        (8, f"'a': a number that is not finite, or too large to read; {NO_NUMBER}"),
        (9, "column 7: a number of 5000 characters, more than 4300"),
        (10, "column 501: nested more than 500 levels deep"),
        (11, {"a": "C:\\"}),
        (12, {}),
    ] == outline(path)


def test_columns_are_those_of_the_first_rows(tmp_path: Path) -> None:
    """In the order in which they appear."""
    path = write(tmp_path, "x.jsonl", '{"b": 1}\n{"a": 1, "b": 2}\n')

    assert head_of(path).columns == ("b", "a")

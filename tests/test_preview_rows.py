"""Which rows a preview shows."""

import io
import json
from collections import Counter
from itertools import combinations

import pytest
from toy_tokenizers import WordTokenizer

from dataset_tools.errors import InputError
from dataset_tools.preview import Rows
from dataset_tools.preview.lengths import characters, tokens
from dataset_tools.prompt_format import PromptFormat


def rows_of(*lines: str, end: str = "\n") -> Rows:
    return Rows("data.jsonl", io.BytesIO((end.join(lines) + end).encode()))


def text(content: str) -> str:
    return json.dumps({"text": content})


def test_every_pair_of_records_is_drawn_as_often_as_any_other() -> None:
    """Over many seeds, long and short records and those beside bad lines come equally often."""
    lines = [text("a"), "{", text("b" * 10_000), "", "no", text("c"), text("d" * 500)]
    drawn: Counter[tuple[int, ...]] = Counter()
    trials = 3000
    for seed in range(trials):
        drawn[tuple(row.number for row in rows_of(*lines).sample(2, seed))] += 1

    pairs = list(combinations([1, 3, 6, 7], 2))
    assert set(pairs) == set(drawn)
    expected = trials / len(pairs)
    # chi-square with 5 degrees of freedom: 20.5 is passed once in a thousand
    assert sum((drawn[pair] - expected) ** 2 / expected for pair in pairs) < 20.5


def test_a_seed_draws_the_same_again() -> None:
    """The same seed, the same rows; another seed, other rows."""
    lines = [text(str(number)) for number in range(1000)]
    first, again, other = (
        [row.number for row in rows_of(*lines).sample(5, seed)] for seed in (1, 1, 2)
    )

    assert first == again
    assert first != other
    assert sorted(first) == first


def test_a_sample_larger_than_the_file_is_all_of_it() -> None:
    """Every record once, and the lines without one are named."""
    rows = rows_of(text("a"), "{", text("b"))

    assert [row.number for row in rows.sample(10, 0)] == [1, 3]
    assert rows.passed_over == [2]


@pytest.mark.parametrize(
    ("which", "count", "expected"),
    [
        ("longest", 1, [3]),
        ("longest", 3, [3, 2, 4]),
        ("shortest", 2, [1, 5]),
        ("longest", 9, [3, 2, 4, 1, 5]),
    ],
)
def test_the_longest_and_the_shortest(which: str, count: int, expected: list[int]) -> None:
    """By characters; of equal ones the first in the file comes first."""
    rows = rows_of(text("a"), text("bbb"), text("cccc"), text("ddd"), text("e"))

    found = rows.extreme(which, count, "text", characters)  # type: ignore[arg-type]

    assert expected == [row.number for row in found]


def test_the_longest_by_tokens() -> None:
    """With a tokenizer the record with most tokens, which need not have most characters."""
    rows = rows_of(text("incomprehensibilities"), text("a b c d"))

    found = rows.extreme("longest", 1, "text", tokens(PromptFormat(), WordTokenizer()))

    assert [row.number for row in found] == [2]


def test_a_row_may_hold_no_record() -> None:
    """A row asked for by its number is given as it is."""
    row = rows_of(text("a"), "{").at(2)

    assert (row.record, row.content) == (None, b"{\n")


@pytest.mark.parametrize(("end", "lines"), [("\n", 2), ("", 1)])
def test_beyond_the_end(end: str, lines: int) -> None:
    """The message says how many lines there are."""
    with pytest.raises(InputError, match=f"there is no row 3; the file has {lines} line"):
        rows_of(text("a"), text("b"), end=end).at(3)


def test_a_file_without_records() -> None:
    """Every way of choosing says that there is nothing to choose from."""
    for choose in (
        lambda rows: list(rows.first(1)),
        lambda rows: rows.sample(1, 0),
        lambda rows: rows.extreme("longest", 1, "text", characters),
    ):
        with pytest.raises(InputError, match="holds no record"):
            choose(rows_of("{", "x"))

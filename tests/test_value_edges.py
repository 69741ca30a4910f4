"""The look at the bytes beside the quotes misses no value that a look at its text would name."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dataset_tools.lines import LineBatch
from dataset_tools.parsing import parse_batch
from dataset_tools.rules.text_edges import leading_space, trailing_space
from dataset_tools.value_edges import byte_flags

TEXTS = st.text(st.sampled_from('ab.# \n\t\v\\"é\u00a0\u1680\u2003\u3000日/'), max_size=7)
SPACES = st.sampled_from(["", " ", "\n", "\n\n", "  "])
MARKS = st.sampled_from(["", "#", "0", "a0", "\n##\n", " a", "n#", '"', "é", "\\"])
ROWS = st.lists(st.tuples(TEXTS, TEXTS, st.booleans(), st.booleans()), min_size=1, max_size=5)
WANTED = frozenset("ab")

Rows = list[tuple[str, str, bool, bool]]


def edges_of(rows: Rows):
    lines = []
    is_turned = rows[0][3]
    for prompt, completion, raw, _ in rows:
        record = {"prompt": prompt, "completion": completion}
        if is_turned:
            record = dict(reversed(record.items()))
        lines.append(f"{json.dumps(record, ensure_ascii=not raw)}\n".encode())
    edges = parse_batch(LineBatch(1, b"".join(lines)), "prompt-completion").value_edges
    return edges["prompt"], edges["completion"]


@given(ROWS, MARKS)
def test_missing_ends_and_blanks(rows: Rows, mark: str) -> None:
    """A text that does not end with the mark, or is blank but for it, is among the doubtful."""
    for edges, place in zip(edges_of(rows), (0, 1), strict=True):
        lacks, blank = edges.may_lack_ending(mark), edges.may_be_blank(mark)
        for index, row in enumerate(rows):
            assert row[place].endswith(mark) or lacks[index]
            assert row[place].removesuffix(mark).strip() or blank[index]


def test_all_white_space_is_blank() -> None:
    """Whatever Unicode counts as white space, in whatever number, may be a blank text."""
    spaces = [character for character in map(chr, range(0x10000)) if character.isspace()]
    rows = [(space, space * 3, raw, False) for space in spaces for raw in (True, False)]

    for edges in edges_of(rows):
        assert edges.may_be_blank("").all()


@example([("\va", "a\v", False, False)], "", "")
@given(ROWS, SPACES, MARKS)
def test_other_white_space(rows: Rows, space: str, mark: str) -> None:
    """A text with other white space at its start, or before its mark, is among the doubtful."""
    for edges, place in zip(edges_of(rows), (0, 1), strict=True):
        starts = edges.may_start_otherwise(space)
        ends = edges.may_end_otherwise(space, mark)
        for index, row in enumerate(rows):
            bare = row[place].removesuffix(mark)
            assert leading_space(row[place]) == space or starts[index]
            assert (row[place].endswith(mark) and trailing_space(bare) == space) or ends[index]


@given(ROWS, st.integers(0, 2), MARKS)
def test_wanted_ends(rows: Rows, space: int, mark: str) -> None:
    """A text whose last character before white space and mark is wanted is among the doubtful."""
    for edges, place in zip(edges_of(rows), (0, 1), strict=True):
        flags = edges.may_end_with_one_of(byte_flags(WANTED), space, mark)
        for index, row in enumerate(rows):
            last = row[place].removesuffix(mark).rstrip()[-1:]
            assert flags[index] or (last and last.isascii() and last not in WANTED)


@given(ROWS, SPACES, SPACES)
def test_equal_starts(rows: Rows, space: str, other_space: str) -> None:
    """A prompt and completion that begin alike behind their white space are among the doubtful."""
    prompts, completions = edges_of(rows)
    flags = prompts.may_start_like(completions, space, other_space)
    for index, (prompt, completion, _, _) in enumerate(rows):
        one, other = prompt.removeprefix(space), completion.removeprefix(other_space)
        usual = leading_space(prompt) == space and leading_space(completion) == other_space
        if usual and len(one) > 3 and one[:4] == other[:4]:
            assert flags[index]


@pytest.mark.parametrize("raw", [True, False])
def test_equal_starts_behind_other_white_space(raw: bool) -> None:
    """White space beyond ASCII, raw or escaped, hides no repeated prompt."""
    prompts, completions = edges_of([("Why so?", "\u00a0Why so?", raw, False)])

    assert prompts.may_start_like(completions, "", "").all()


def test_plain_values_are_not_doubtful() -> None:
    """Values as most files have them need no second look."""
    rows = [
        ("Why should it ever be so?\n##\n", " So. END", True, False),
        ("What is there on é?\n##\n", ' That "x". END', False, False),
    ]
    prompts, completions = edges_of(rows)

    assert not prompts.may_lack_ending("\n##\n").any()
    assert not prompts.may_be_blank("\n##\n").any()
    assert not completions.may_start_otherwise(" ").any()
    assert not completions.may_end_otherwise("", " END").any()
    assert not completions.may_end_with_one_of(byte_flags(WANTED), 0, " END").any()
    assert not prompts.may_start_like(completions, "", " ").any()


def test_a_mark_longer_than_the_lines() -> None:
    """No mark is too long to be looked for, and none is found before its text began."""
    prompts, completions = edges_of([("a", "b", True, False)])

    for mark in ("#" * 10_000, "{" * 40, "\0" * 3):
        assert prompts.may_lack_ending(mark).all()
        assert completions.may_end_otherwise("", mark).all()

"""Which records a split holds together where prompts are hardly more than marks."""

import json
from itertools import product
from pathlib import Path

import pytest
from cli_runs import run

from dataset_tools.records import Record
from dataset_tools.split.grouping import Grouping

SEPARATOR = " =>"
MERE_MARKS = ["# =>", "-> =>", "END =>", "##", "</s>", "#"]


def groups_of(rows: list[tuple[str, str]], separators: list[str]) -> int:
    """How many groups the rows make."""
    import numpy as np

    grouping = Grouping(0, separators)
    keys = b"".join(grouping.key(Record(prompt, completion)) for prompt, completion in rows)
    united = np.frombuffer(bytearray(keys), "<u8")
    grouping.unite(united)
    return len(set(united.tolist()))


def test_prompts_of_mere_marks_are_groups_of_their_own() -> None:
    """Each is one group whatever its completions, with its separator or without it."""
    rows = [(prompt, str(n)) for prompt, n in product(MERE_MARKS, range(8))]

    assert groups_of(rows, [SEPARATOR]) == 5


def test_a_prompt_of_a_separator_alone_is_empty() -> None:
    """Its records, and those with no prompt at all, are told apart by their completions."""
    rows = [(prompt, str(n)) for prompt, n in product([SEPARATOR, "", " \n"], range(8))]

    assert groups_of(rows, [SEPARATOR]) == 8


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("##", "a"), ("## ->", "b"), ("##\n</s>", "c")], 1),
        ([("## x", "a"), ("-> x", "a")], 2),
        ([("-> ##", "a"), ("## ##", "a")], 2),
        ([("##", "a"), ("", "a"), ("", "b")], 2),
        ([("##", "a"), ("##", "b"), ("", "a"), ("", "b"), ("", "c")], 2),
        ([("##", "a"), ("->", "a"), ("->", "b"), ("", "b")], 1),
        ([("<|im_end|>", "a"), ("<|im_end|>##", "b"), ("</s>", "c")], 2),
    ],
)
def test_without_a_given_separator_any_mark_may_be_one(
    rows: list[tuple[str, str]], expected: int
) -> None:
    """Prompts that some separator makes equal are one group, in any order of the rows."""
    assert groups_of(rows, []) == expected
    assert groups_of(rows[::-1], []) == expected


def test_no_prompt_of_marks_is_in_two_parts(tmp_path: Path) -> None:
    """A split by the command line parts none of them."""
    rows = [{"prompt": p, "completion": str(n)} for p, n in product(MERE_MARKS, range(8))]
    (tmp_path / "data.jsonl").write_text("\n".join(map(json.dumps, rows)))

    for marks in (["--separator", SEPARATOR], []):
        done = run(
            "split", "data.jsonl", "--validation", "20", "--force", *marks, cwd=tmp_path
        )  # fmt: skip
        parts = [
            {json.loads(line)["prompt"] for line in part.read_text().splitlines()}
            for part in tmp_path.glob("data.*.jsonl")
        ]
        assert (done.returncode, len(parts)) == (0, 2)
        assert parts[0] & parts[1] == set()

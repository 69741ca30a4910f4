"""When a missing mark may be added, and when it may stand there already."""

import pytest

from dataset_tools.rules.edits import NewEnd
from dataset_tools.rules.mark_endings import ending_with


@pytest.mark.parametrize(
    ("mark", "text"),
    [
        (" END", "a 3END"),
        (" END", "6 END."),
        (" END", "6 END!)"),
        (" END", "yesEND"),
        (" END", "(END"),
        (" END", "\u4e2dEND"),
        (" END", "a\nEND"),
        (" ->", "3->"),
        ("\n##\n", "text\n##."),
        (" END.", "6 END"),
        ("<|im_end|>", "a<|im"),
    ],
)
def test_what_may_be_the_mark_is_left(mark: str, text: str) -> None:
    """A text with the mark's signs at its end, spelt otherwise, gets no second mark."""
    assert ending_with(mark, "completion", text) is None


@pytest.mark.parametrize(
    ("mark", "text"),
    [
        (" END", "the WEEKEND"),
        (" END", "the WEEKEND."),
        (" end", "the Weekend"),
        (" END", "3E"),
        (" 0", "10"),
        (" END", "3."),
        (" END", "the end"),
    ],
)
def test_a_word_that_ends_like_the_mark_is_text(mark: str, text: str) -> None:
    """Letters or digits of a longer word or number are no mark, so the mark is added."""
    assert ending_with(mark, "completion", text) == NewEnd("completion", None, mark)

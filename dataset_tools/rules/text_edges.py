"""Text edges: what several rules want to know of a whole batch at once, worked out once.

The rules see the same batch one after the other, so the last one's answers are kept. All of them
are single passes at C speed over a column (measured for 300-byte records: some 20 ns a record).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Literal, NamedTuple, TypeVar

from dataset_tools.lines import LineBatch
from dataset_tools.marks import FEWEST_CARRIERS, MAJORITY, Mark
from dataset_tools.parsing import RecordBatch
from dataset_tools.rules.rule import FileContext

Column = Literal["prompt", "completion"]  # the latter holds a text file's texts, too
Answer = TypeVar("Answer")

WHITE_SPACE = " \t\n\r\v\f"  # other white space is a language's own, such as a paragraph's U+3000
LONGEST_SAMPLE = 500  # rows from which a majority is told
_INDENTATION = 4  # spaces, from which on they are a text's own


class Habit(NamedTuple):
    """The white space that most texts have at one end, and their share, 0 to 1."""

    space: str
    share: float


class TextEdges:
    """Answers about the texts of one batch, each worked out at most once."""

    def __init__(self, batch: RecordBatch) -> None:
        self.batch = batch
        self._answers: dict[tuple[object, ...], object] = {}

    def texts(self, column: Column) -> Sequence[str]:
        """The column's texts."""
        return self.batch.prompts if column == "prompt" else self.batch.completions

    def holding(self, column: Column, character: str) -> list[int]:
        """The indices of the texts that hold the (ASCII) character."""
        if self.batch.lines.lines and not self.batch.byte_scan.may_hold(character):
            return []
        return self._once(
            ("holding", column, character),
            lambda: [i for i, text in enumerate(self.texts(column)) if character in text],
        )

    def characters_at(self, column: Column, place: int) -> set[str] | None:
        """The distinct characters at an index of the texts; None where a text has none there."""
        characters = self.each_character_at(column, place)
        if characters is None:
            return None
        return self._once(("distinct", column, place), lambda: set(characters))

    def each_character_at(self, column: Column, place: int) -> list[str] | None:
        """The character at an index of each text; None where a text has none there."""
        try:
            return self._once(
                ("at", column, place), lambda: list(map(itemgetter(place), self.texts(column)))
            )
        except IndexError:
            return None

    def all_start_with(self, column: Column, space: str) -> bool:
        """Whether each text starts with exactly this white space; False may mean "nearly all"."""
        places = [self.characters_at(column, place) for place in range(len(space) + 1)]
        return _are_space_and_more(places, space)

    def all_end_with(self, column: Column, space: str, mark: str) -> bool:
        """Whether each ends with exactly this white space and the mark; False as above."""
        if self.without(column, mark):
            return False
        first = len(mark) + len(space)
        places = [self.characters_at(column, place - first) for place in range(len(space))]
        return _are_space_and_more([*places, self.characters_at(column, -first - 1)], space)

    def without(self, column: Column, mark: str) -> Sequence[int]:
        """The indices of the texts that do not end with the mark."""
        if column == "prompt":
            return self.batch.prompts_without(mark)
        return self.batch.completions_without(mark)

    def may_be_blank(self, column: Column, mark: str) -> Sequence[int]:
        """The indices of the texts that may be blank apart from a mark at their end."""
        texts = self.texts(column)
        first, starts_bare = self.characters_at(column, 0), False
        if first is not None and not any(map(str.isspace, first)):
            # what is blank begins with a blank, or is the mark after none
            if not mark or mark[0].isspace():
                return ()
            starts_bare = True
        if min(map(len, texts), default=0) > len(mark) + 1:
            second = self.characters_at(column, 1)
            if starts_bare or (second is not None and not any(map(str.isspace, second))):
                return ()
        return [index for index, text in enumerate(texts) if not text.removesuffix(mark).strip()]

    def _once(self, question: tuple[object, ...], answer: Callable[[], Answer]) -> Answer:
        if question not in self._answers:
            self._answers[question] = answer()
        return self._answers[question]  # type: ignore[return-value]  # as it was put in


def _are_space_and_more(places: Sequence[set[str] | None], space: str) -> bool:
    """Whether the sets of characters are the white space's own, and in the end none of any."""
    *spaces, following = places
    if following is None or not following.isdisjoint(WHITE_SPACE):
        return False
    return all(found == {wanted} for found, wanted in zip(spaces, space, strict=True))


_recent = TextEdges(RecordBatch(LineBatch(0, [])))


def edges_of(batch: RecordBatch) -> TextEdges:
    """The answers about this batch; those about the one before are forgotten."""
    global _recent
    if _recent.batch is not batch:
        _recent = TextEdges(batch)
    return _recent


def matching(batch: RecordBatch, patterns: Mapping[str, re.Pattern[str]]) -> list[int]:
    """The indices of the records in which a pattern is found.

    Each pattern stands under the one character that it starts with.
    """
    edges = edges_of(batch)
    found: set[int] = set()
    for column in columns_of(batch):
        texts = edges.texts(column)
        for character, pattern in patterns.items():
            found.update(
                index for index in edges.holding(column, character) if pattern.search(texts[index])
            )
    return sorted(found)


def columns_of(batch: RecordBatch) -> tuple[Column, ...]:
    """The columns that hold texts."""
    return ("prompt", "completion") if batch.prompts else ("completion",)


def thinned(sample: RecordBatch) -> RecordBatch:
    """At most LONGEST_SAMPLE of the records, spread evenly; their weights are left behind."""
    every = slice(0, None, max(1, -(-len(sample) // LONGEST_SAMPLE)))
    return RecordBatch(
        LineBatch(0, []), sample.numbers[every], sample.prompts[every], sample.completions[every]
    )


def mark_of(context: FileContext, column: Column) -> Mark | None:
    """The mark that the texts of a column end with."""
    return context.separator if column == "prompt" else context.stop_sequence


def bare(context: FileContext, column: Column, text: str) -> str:
    """The text without the mark at its end."""
    if column == "prompt":
        return context.prompt_format.bare_prompt(text)
    return context.prompt_format.bare_completion(text)


def lacks_its_mark(context: FileContext, column: Column, text: str) -> bool:
    """Whether the text has no end of its own to judge: DT301 or DT303 name the mark it lacks."""
    mark = mark_of(context, column)
    return mark is not None and mark.is_required and not text.endswith(mark.text)


def leading_space(text: str) -> str:
    """The white space at the start; indentation, four spaces or a tab, belongs to the text."""
    space = text[: len(text) - len(text.lstrip(WHITE_SPACE))]
    before = space.rstrip(" \t")
    indentation = space[len(before) :]
    return before if "\t" in indentation or len(indentation) >= _INDENTATION else space


def trailing_space(text: str) -> str:
    """The white space at the end."""
    return text[len(text.rstrip(WHITE_SPACE)) :]


def habit_of(spaces: Iterable[str]) -> Habit | None:
    """What most of them are, or None where there is no such majority."""
    counts = Counter(spaces)
    if not counts:
        return None
    space, count = counts.most_common(1)[0]
    share = count / counts.total()
    return Habit(space, share) if count >= FEWEST_CARRIERS and share >= MAJORITY else None

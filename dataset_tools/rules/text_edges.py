"""Text edges: what several rules want to know of a whole batch at once, worked out once."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

from dataset_tools.lines import LineBatch
from dataset_tools.marks import FEWEST_CARRIERS, MAJORITY, Mark
from dataset_tools.record_batch import RecordBatch
from dataset_tools.rules.rule import FileContext
from dataset_tools.spread_sample import spread_sample
from dataset_tools.value_edges import ValueEdges, byte_flags

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Column = Literal["prompt", "completion"]  # the latter holds a text file's texts, too
Answer = TypeVar("Answer")

WHITE_SPACE = " \t\n\r\v\f"  # other white space is a language's own, such as a paragraph's U+3000
LONGEST_SAMPLE = 500  # rows from which a majority is told
MOST_EXCEPTIONS = 0.1  # share of rows, in all but the smallest files
_INDENTATION = 4  # spaces, from which on they are a text's own


class Habit(NamedTuple):
    """The white space that most texts have at one end, and their share, 0 to 1."""

    space: str
    share: float


class TextEdges:
    """Answers about the texts of one batch, each worked out at most once."""

    def __init__(self, batch: RecordBatch) -> None:
        self.batch = batch

    def texts(self, column: Column) -> Sequence[str]:
        """The column's texts."""
        return self.batch.prompts if column == "prompt" else self.batch.completions

    def holding(self, column: Column, character: str) -> list[int]:
        """The indices of the texts that hold the (ASCII) character."""
        if not self._once(("may hold", character), lambda: self._may_hold(character)):
            return []
        return self._once(
            ("holding", column, character),
            lambda: [i for i, text in enumerate(self.texts(column)) if character in text],
        )

    def _may_hold(self, character: str) -> bool:
        """Whether the texts of any column may hold the character."""
        is_brace_a_line = character in "{}" and self.batch.value_places
        outside = len(self.batch) if is_brace_a_line else 0
        return not self.batch.lines.block or self.batch.byte_scan.may_hold(character, outside)

    def without(self, column: Column, mark: str) -> Sequence[int]:
        """The indices of the texts that do not end with the mark."""
        texts = self.texts(column)
        return self._once(
            ("without", column, mark),
            lambda: [
                index
                for index in self._doubtful(column, lambda edges: edges.may_lack_ending(mark))
                if not texts[index].endswith(mark)
            ],
        )

    def may_start_otherwise(self, column: Column, space: str) -> Sequence[int]:
        """The indices of the texts that may not start with exactly this white space."""
        return self._doubtful(column, lambda edges: edges.may_start_otherwise(space))

    def may_end_otherwise(self, column: Column, space: str, mark: str) -> Sequence[int]:
        """The indices of those that may not end with exactly this white space and the mark."""
        return self._doubtful(column, lambda edges: edges.may_end_otherwise(space, mark))

    def may_end_with(
        self, column: Column, characters: frozenset[str], space: int, mark: str
    ) -> Sequence[int]:
        """The indices of those that may end with one of the characters, white space and the mark.

        All characters beyond ASCII count as among them.
        """
        wanted = byte_flags(characters)
        return self._doubtful(column, lambda edges: edges.may_end_with_one_of(wanted, space, mark))

    def may_be_blank(self, column: Column, mark: str) -> Sequence[int]:
        """The indices of the texts that may be blank apart from a mark at their end."""
        return self._doubtful(column, lambda edges: edges.may_be_blank(mark))

    def may_start_alike(self, prompt_space: str, completion_space: str) -> Sequence[int]:
        """The indices of the records whose texts may begin alike, after this white space each."""
        edges = self.batch.value_edges
        if not edges:
            return range(len(self.batch))
        flags = edges["prompt"].may_start_like(edges["completion"], prompt_space, completion_space)
        return _indices(flags)

    def with_odd_characters(self, column: Column) -> list[int] | None:
        """The indices of the texts that may hold odd characters; None where bytes tell of no text.

        A text of ASCII among them does.
        """
        edges = self.batch.value_edges.get(self._key(column))
        return edges.holding(self.batch.byte_scan.odd_characters) if edges else None

    def _doubtful(
        self, column: Column, flags: Callable[[ValueEdges], "NDArray[np.bool_]"]
    ) -> Sequence[int]:
        """The indices that the look at bytes flags, all of them where there are no bytes to see."""
        edges = self.batch.value_edges.get(self._key(column))
        return _indices(flags(edges)) if edges else range(len(self.batch))

    def _key(self, column: Column) -> str:
        return column if self.batch.prompts else "text"

    def _once(self, question: tuple[object, ...], answer: Callable[[], Answer]) -> Answer:
        answers = self.batch.answers
        if question not in answers:
            answers[question] = answer()
        return answers[question]  # type: ignore[return-value]  # as it was put in


def _indices(flags: "NDArray[np.bool_]") -> list[int]:
    indices: list[int] = flags.nonzero()[0].tolist()
    return indices


def edges_of(batch: RecordBatch) -> TextEdges:
    """The answers about this batch."""
    return TextEdges(batch)


def matching(batch: RecordBatch, patterns: Mapping[str, str]) -> list[int]:
    """The indices of the records in which a pattern is found.

    Each pattern stands under the one character that it starts with.
    """
    edges = edges_of(batch)
    found: set[int] = set()
    for column in columns_of(batch):
        texts = edges.texts(column)
        for character, pattern in patterns.items():
            holding = edges.holding(column, character)
            found.update(index for index in holding if re.search(pattern, texts[index]))
    return sorted(found)


def columns_of(batch: RecordBatch) -> tuple[Column, ...]:
    """The columns that hold texts."""
    return ("prompt", "completion") if batch.prompts else ("completion",)


def key_of(context: FileContext, column: Column) -> str:
    """The key under which the file's records hold the column's texts."""
    return "text" if context.record_format == "text" else column


def thinned(sample: RecordBatch) -> RecordBatch:
    """At most LONGEST_SAMPLE of the records, spread over all; their weights are left behind."""
    wanted = spread_sample(len(sample), LONGEST_SAMPLE)
    prompts, completions = (
        [column[index] for index in wanted] if column else []
        for column in (sample.prompts, sample.completions)
    )
    numbers = [sample.numbers[index] for index in wanted]
    return RecordBatch(LineBatch(0, b""), numbers, prompts, completions)


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
    """What most of them are, or None where there is no such majority.

    Nor is there one where a tenth of many rows differ: texts cut anywhere, or code.
    """
    counts = Counter(spaces)
    if not counts:
        return None
    space, count = counts.most_common(1)[0]
    others = counts.total() - count
    is_rule = count >= MAJORITY * counts.total() and others <= max(
        FEWEST_CARRIERS, MOST_EXCEPTIONS * counts.total()
    )
    return Habit(space, count / counts.total()) if count >= FEWEST_CARRIERS and is_rule else None

"""Shapes that are a few columns: a question and its answer, under one pair of names or another.

Columns are recognised whatever the case of their letters; what other columns hold is left out.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from dataset_tools.convert.shapes.shape import Shape, ShapeChoices
from dataset_tools.convert.table import Row
from dataset_tools.convert.values import MissingPolicy, column_text, is_missing, weight_of
from dataset_tools.prompt_format import DEFAULT_SEPARATOR
from dataset_tools.records import Record

BETWEEN_COLUMNS = "\n\n"
_GSM8K_RESULT = re.compile(r"\n#### [^\n]*\Z")


@dataclass(frozen=True, slots=True)
class ColumnPair:
    """Columns that make a prompt, in order, and the one that holds the completion.

    `optional` ones among the prompt's may be missing from the table, or blank in a row; a pair
    without prompt columns makes text records. `result`, where given, is how completions end.
    """

    name: str
    prompt: tuple[str, ...]
    completion: str
    optional: frozenset[str] = frozenset()
    weight: str | None = None
    result: re.Pattern[str] | None = None

    def recognise(
        self, columns: Collection[str], first_row: Row, choices: ShapeChoices
    ) -> Shape | None:
        """The shape, if the columns are there and hold no lists or objects."""
        actual = _by_lower_case(columns)
        if not {*self.prompt, self.completion} - self.optional <= actual.keys():
            return None
        wanted = [*self.prompt, self.completion]
        used = [actual[name] for name in wanted if name in actual]
        if any(isinstance(first_row.get(column), dict | list) for column in used):
            return None
        completion = first_row.get(actual[self.completion])
        if self.result and not (isinstance(completion, str) and self.result.search(completion)):
            return None
        return _PairColumns(
            self.name,
            tuple((actual[name], name in self.optional) for name in self.prompt if name in actual),
            actual[self.completion],
            actual.get(self.weight) if self.weight else None,
            choices.missing,
        )


@dataclass(frozen=True, slots=True)
class _PairColumns:
    """A pair in one table, by the names that its columns have there."""

    name: str
    prompt: tuple[tuple[str, bool], ...]  # column, and whether it may be blank
    completion: str
    weight: str | None
    missing: MissingPolicy
    separator: str = DEFAULT_SEPARATOR

    def records(self, row: Row) -> Sequence[Record]:
        """The row's one record; raises RowError where a value is missing that must not be."""
        parts = []
        for column, is_optional in self.prompt:
            if is_optional and is_missing(row.get(column)):
                continue
            part = column_text(row, column, self.missing)
            if part.strip() or not is_optional:
                parts.append(part)
        prompt = BETWEEN_COLUMNS.join(parts) if self.prompt else None
        weight = 1.0 if self.weight is None else weight_of(row, self.weight)
        return (Record(prompt, column_text(row, self.completion, self.missing), weight),)


def _by_lower_case(columns: Collection[str]) -> Mapping[str, str]:
    """Columns by their names in lower case; one that is spelt so comes first."""
    actual: dict[str, str] = {}
    for column in columns:
        lower = column.strip().lower()
        if lower not in actual or column == lower:
            actual[lower] = column
    return actual


_INSTRUCTION = ("instruction", "context", "input")
_DETAILS = frozenset({"context", "input"})  # what an instruction may be about

# the first that fits wins, so what asks for more stands before what asks for less
COLUMN_PAIRS = (
    ColumnPair("prompt/completion", ("prompt",), "completion", weight="weight"),
    ColumnPair("prompt/response", ("prompt",), "response"),
    ColumnPair("instruction/input/output", _INSTRUCTION, "output", _DETAILS),
    ColumnPair("instruction/context/response", _INSTRUCTION, "response", _DETAILS),
    ColumnPair("GSM8K", ("question",), "answer", result=_GSM8K_RESULT),
    ColumnPair("question/answer", ("context", "question"), "answer", frozenset({"context"})),
    ColumnPair("context/response", ("context",), "response"),
    ColumnPair("source/target", ("source",), "target"),
    ColumnPair("input/output", ("input",), "output"),
    ColumnPair("dialogue/summary", ("dialogue",), "summary"),
    ColumnPair("text/label", ("text",), "label"),
    ColumnPair("text", (), "text", weight="weight"),
)

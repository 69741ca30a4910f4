"""The protocol of all shapes: a known way to lay training data out in columns."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol, Self

from dataset_tools.convert.chat.template import ChatTemplate, PlainTemplate
from dataset_tools.convert.table import Row
from dataset_tools.convert.values import MissingPolicy
from dataset_tools.prompt_format import DEFAULT_SEPARATOR
from dataset_tools.records import Record

Turns = Literal["last", "each"]


@dataclass(frozen=True, slots=True)
class ShapeChoices:
    """What a user may choose where a shape allows for more than one reading."""

    missing: MissingPolicy = "error"
    turns: Turns = "last"
    chat_template: ChatTemplate = field(default_factory=PlainTemplate)
    chosen_only: bool = False


class Shape(Protocol):
    """Recognises its columns and makes records of the rows."""

    name: ClassVar[str]
    """How the output names it, and people know it."""

    separator: str = DEFAULT_SEPARATOR
    """What stands between prompt and completion in a text record where no separator is named."""

    @classmethod
    def recognise(
        cls, columns: Collection[str], first_row: Row, choices: ShapeChoices
    ) -> Self | None:
        """The shape, ready to convert, or None where the columns are not its own.

        Raises InputError where they are, but the user has a choice to make first.
        """

    def records(self, row: Row) -> Iterable[Record]:
        """The row's records, without marks; raises RowError where it has none."""

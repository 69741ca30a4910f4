"""The protocol of all shapes: a known way to lay training data out in columns."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from dataset_tools.convert.chat.template import ChatTemplate, PlainTemplate
from dataset_tools.convert.chat.turns import Turns
from dataset_tools.convert.table import Row
from dataset_tools.convert.values import MissingPolicy
from dataset_tools.records import Record

__all__ = ["Shape", "ShapeChoices", "Turns"]


@dataclass(frozen=True, slots=True)
class ShapeChoices:
    """What a user may choose where a shape allows for more than one reading."""

    missing: MissingPolicy = "error"
    turns: Turns = "last"
    chat_template: ChatTemplate = field(default_factory=PlainTemplate)
    chosen_only: bool = False


class Shape(Protocol):
    """Makes records of the rows of one table, whose columns it has recognised.

    What recognises it is a function of the table's columns, its first row and the choices. It
    gives the shape, or None where the columns are not its own, and raises InputError where they
    are, but the user has a choice to make first.
    """

    @property
    def name(self) -> str:
        """How the output names the shape, and people know it."""

    @property
    def separator(self) -> str:
        """What stands between prompt and completion of a text record where none is named."""

    def records(self, row: Row) -> Iterable[Record]:
        """The row's records, without marks; raises RowError where it has none."""

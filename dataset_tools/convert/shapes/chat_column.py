"""What all shapes of chats have in common: one column of messages, a record or more a row."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar, Self

from dataset_tools.convert.chat.message_reader import holds_messages, read_chat
from dataset_tools.convert.chat.turns import chat_records
from dataset_tools.convert.shapes.shape import ShapeChoices
from dataset_tools.convert.table import Row
from dataset_tools.records import Record


@dataclass(frozen=True)
class ChatColumn:
    """Chats in the first of the `columns` that holds lists of objects."""

    name: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]

    column: str
    choices: ShapeChoices

    @property
    def separator(self) -> str:
        """The template's own."""
        return self.choices.chat_template.separator

    @classmethod
    def recognise(
        cls, columns: Collection[str], first_row: Row, choices: ShapeChoices
    ) -> Self | None:
        """The shape for the column that holds chats, or None where there is none."""
        for column in cls.columns:
            if column in columns and holds_messages(first_row.get(column)):
                return cls(column, choices)
        return None

    def records(self, row: Row) -> list[Record]:
        """The row's answers; raises RowError where it has none or a message cannot be read."""
        chat = read_chat(row, self.column)
        return chat_records(chat, self.choices.chat_template, self.choices.turns)

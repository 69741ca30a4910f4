"""Chat templates: how a chat becomes the prompt and the completion of a record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from dataset_tools.convert.chat.message import Message
from dataset_tools.prompt_format import DEFAULT_SEPARATOR

LABELS = {"system": "System", "user": "User", "assistant": "Assistant", "tool": "Tool"}


class ChatTemplate(Protocol):
    """Renders the messages before an answer, and the answer."""

    @property
    def separator(self) -> str:
        """What stands between prompt and completion of a text record where none is named."""

    def render(
        self, before: Sequence[Message], answer: Message, tools: Sequence[Mapping[str, object]] = ()
    ) -> tuple[str, str]:
        """The prompt and the completion; raises RowError where the template refuses the chat."""


@dataclass(frozen=True, slots=True)
class PlainTemplate:
    """Role labels on lines of their own; no model's special tokens."""

    separator: str = DEFAULT_SEPARATOR

    def render(
        self, before: Sequence[Message], answer: Message, tools: Sequence[Mapping[str, object]] = ()
    ) -> tuple[str, str]:
        """The prompt and the completion."""
        turns = [f"{LABELS[message.role]}:\n{message.content}\n\n" for message in before]
        return "".join([*turns, f"{LABELS['assistant']}:"]), answer.content

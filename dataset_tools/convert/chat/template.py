r"""Chat templates: how a chat becomes the prompt and the completion of a record.

The plain one, which needs no model, writes each message under its role:

    Tools:
    {"type": "function", "function": {"name": "tide", …}}

    System:
    You are a harbour master.

    User:
    When is high water?

    Assistant:
    {"name": "tide", "arguments": {"harbour": "Whitby"}}

    Tool:
    04:12

    Assistant:

There is one blank line between messages, a tool or a call is one line of JSON, an assistant's calls
follow its text on lines of their own, and a speaker's name stands behind the role: `User (Ada):`.
The prompt ends with the label of the answer, and the separator `\n` goes between it and the
completion. Text is never changed: a text that itself holds such a label looks like a message.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from dataset_tools.convert.chat.json_cell import json_text
from dataset_tools.convert.chat.message import Message, Role
from dataset_tools.prompt_format import DEFAULT_SEPARATOR

PLAIN = "plain"

_LABELS: Mapping[Role, str] = {
    "system": "System",
    "user": "User",
    "assistant": "Assistant",
    "tool": "Tool",
}
_TOOLS_LABEL = "Tools"


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
        blocks = [_block(_label(message), _body(message)) for message in before]
        if tools:
            blocks.insert(0, _block(_TOOLS_LABEL, "\n".join(map(json_text, tools))))
        return "".join([*blocks, f"{_label(answer)}:"]), _body(answer)


def load_chat_template(name: str) -> ChatTemplate:
    """The plain template for "plain", else that of a tokenizer: a folder, a file or a hub name.

    Raises MissingExtraError without transformers, InputError where no tokenizer loads or it has no
    usable template.
    """
    if name == PLAIN:
        return PlainTemplate()
    from dataset_tools.convert.chat.tokenizer_template import load_tokenizer_template

    return load_tokenizer_template(name)


def _block(label: str, text: str) -> str:
    return f"{label}:\n{text}\n\n"


def _label(message: Message) -> str:
    label = _LABELS[message.role]
    return f"{label} ({message.name})" if message.name else label


def _body(message: Message) -> str:
    calls = [
        json_text({"name": call.name, "arguments": call.arguments}) for call in message.tool_calls
    ]
    return "\n".join([message.content, *calls] if message.content else calls)

"""Stand-ins: whether a chat template shows all that a chat holds.

Templates leave out what their model knows nothing of (tools, names, a system message) without a
word. So a chat of the same form is rendered in which each part is a word found nowhere else: a word
that does not come out is a part that is lost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from dataset_tools.convert.chat.message import Message, ToolCall

ChatForm = tuple[object, ...]


class LeftOut(NamedTuple):
    """A part that a template does not show, and which message's; None for the row's tools."""

    message: int | None  # its index
    what: str


@dataclass(slots=True)
class Disguise:
    """A chat of stand-ins, and what each stands for."""

    messages: list[Message] = field(default_factory=list)
    tools: list[Mapping[str, object]] = field(default_factory=list)
    stands_for: dict[str, LeftOut] = field(default_factory=dict)

    def word(self, index: int | None, what: str) -> str:
        """A new word that stands for this part."""
        word = f"standin{len(self.stands_for)}x"
        self.stands_for[word] = LeftOut(index, what)
        return word

    def first_missing(self, rendered: str) -> LeftOut | None:
        """The first part whose word is not in the text."""
        return next((part for word, part in self.stands_for.items() if word not in rendered), None)


def form_of(messages: Sequence[Message], tools: Sequence[Mapping[str, object]]) -> ChatForm:
    """What decides which parts a template shows: equal for chats that differ in wording alone."""
    return len(tools), *(
        (
            message.role,
            bool(message.content.strip()),
            message.name is not None,
            tuple(bool(call.arguments) for call in message.tool_calls),
        )
        for message in messages
    )


def disguised(messages: Sequence[Message], tools: Sequence[Mapping[str, object]]) -> Disguise:
    """The chat with a stand-in for each text that it holds."""
    disguise = Disguise()
    for index, message in enumerate(messages):
        content, name = message.content, message.name
        if content.strip():
            content = disguise.word(index, "its content")
        is_repeated = message.role == "tool" and any(each.tool_calls for each in messages[:index])
        if name is not None and not is_repeated:  # by a tool, which answers a call of that name
            name = disguise.word(index, "its 'name'")
        calls = tuple(_disguised_call(disguise, index, call) for call in message.tool_calls)
        disguise.messages.append(replace(message, content=content, name=name, tool_calls=calls))
    for tool in tools:
        function = tool.get("function")
        if isinstance(function, Mapping):
            word = disguise.word(None, "the row's tools")
            tool = {**tool, "function": {**function, "name": word}}
        disguise.tools.append(tool)
    return disguise


def _disguised_call(disguise: Disguise, index: int, call: ToolCall) -> ToolCall:
    name = disguise.word(index, "the name of a tool call")
    if not call.arguments:
        return replace(call, name=name)
    word = disguise.word(index, "the arguments of a tool call")
    is_object = isinstance(call.arguments, Mapping)
    return replace(call, name=name, arguments={"argument": word} if is_object else word)

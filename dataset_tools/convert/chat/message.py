"""A message of a chat, whatever format it was written in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function that the assistant asks for."""

    name: str
    arguments: object  # plain JSON values; text where the data holds text that is no JSON object
    call_id: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One turn; `content` is empty where the assistant only calls tools."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    name: str | None = None  # of the person who speaks, or of the tool that answers
    call_id: str | None = None  # the call that a tool answers
    is_target: bool = True  # OpenAI's `weight: 0` keeps an answer from being trained
    place: str = field(default="", compare=False)  # how errors name it


@dataclass(frozen=True, slots=True)
class Chat:
    """The messages of a row in their order, and the tools that the assistant may call.

    A tool is `{"type": "function", "function": {"name": …, …}}`, as OpenAI writes it.
    """

    messages: tuple[Message, ...]
    tools: tuple[Mapping[str, object], ...] = ()

"""A message of a chat, whatever format it was written in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn; `content` is empty where the assistant only calls tools."""

    role: Role
    content: str
    tool_calls: Sequence[Mapping[str, object]] = ()
    is_target: bool = True  # OpenAI's `weight: 0` keeps an answer from being trained

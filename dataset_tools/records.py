"""Records: what one line of a data file means.

A prompt/completion record is `{"prompt": str, "completion": str}`, a text record `{"text": str}`;
both may carry `"weight"`, a finite number >= 0 that scales the record's loss.
"""

import sys
from collections.abc import Collection
from typing import Literal, TypeGuard

from msgspec import Struct

RecordFormat = Literal["prompt-completion", "text"]

REQUIRED_KEYS: dict[RecordFormat, tuple[str, ...]] = {
    "prompt-completion": ("prompt", "completion"),
    "text": ("text",),
}
KNOWN_KEYS = frozenset({"prompt", "completion", "text", "weight"})


class Record(Struct, frozen=True):
    """One training example.

    `prompt` is None for a text record; `completion` then holds the whole text. `ignored_keys` are
    those of the data file that mean nothing to training.
    """

    prompt: str | None
    completion: str
    weight: float = 1.0
    ignored_keys: tuple[str, ...] = ()

    @property
    def format(self) -> RecordFormat:
        """The format this record is written in."""
        return "text" if self.prompt is None else "prompt-completion"

    @property
    def target_key(self) -> str:
        """The key under which the trained part stands in the data file."""
        return "text" if self.prompt is None else "completion"

    def as_json_object(self) -> dict[str, str | float]:
        """The record as the data file writes it; a weight of 1 is left out."""
        row: dict[str, str | float] = {self.target_key: self.completion}
        if self.prompt is not None:
            row = {"prompt": self.prompt, **row}
        if self.weight != 1.0:
            row["weight"] = self.weight
        return row


def format_of_keys(keys: Collection[str]) -> RecordFormat | None:
    """The format that an object with these keys is meant to be, or None where nothing tells.

    An object that holds both formats' keys counts as prompt/completion: its text is then one of
    the keys that are ignored.
    """
    if "prompt" in keys and "completion" in keys:
        return "prompt-completion"
    if "text" in keys:
        return "text"
    if "prompt" in keys or "completion" in keys:
        return "prompt-completion"
    return None


def is_valid_weight(value: object) -> TypeGuard[int | float]:
    """Whether the value can scale a loss: a finite number >= 0 (true and false are no numbers)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 <= value <= sys.float_info.max  # an integer may be larger than any float

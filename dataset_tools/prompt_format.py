r"""The prompt format: how a record becomes segments, the same for lint, preview and training.

A prompt/completion record is rendered as prompt, separator, completion, stop sequence; a text
record as text, stop sequence. What the data already carries in its place is recognised, so data
that ends its prompts with the separator and data that does not render to the same segments. The
default separator, a newline, is what Replicate's Llama trainer put between prompt and completion.
"""

from typing import Literal

from msgspec import Struct

from dataset_tools.records import Record

Role = Literal["prompt", "separator", "completion", "text", "stop_sequence"]

DEFAULT_SEPARATOR = "\n"
PROMPT_ROLES: frozenset[Role] = frozenset({"prompt", "separator"})


class Segment(Struct, frozen=True):
    """A stretch of text with one role."""

    role: Role
    text: str

    @property
    def is_prompt_side(self) -> bool:
        """Whether inference sends this segment rather than the model writing it."""
        return self.role in PROMPT_ROLES


class PromptFormat(Struct, frozen=True):
    """What stands between prompt and completion, and after the completion ("" for nothing)."""

    separator: str = DEFAULT_SEPARATOR
    stop_sequence: str = ""

    def segments(self, record: Record) -> tuple[Segment, ...]:
        """The record's segments in training order, empty ones left out.

        BOS and EOS are tokens, not text: `dataset_tools.tokens` adds them.
        """
        if record.prompt is None:
            parts = [Segment("text", self.bare_completion(record.completion))]
        else:
            parts = [
                Segment("prompt", self.bare_prompt(record.prompt)),
                Segment("separator", self.separator),
                Segment("completion", self.bare_completion(record.completion)),
            ]
        parts.append(Segment("stop_sequence", self.stop_sequence))
        return tuple(part for part in parts if part.text)

    def inference_prompt(self, prompt: str) -> str:
        """The exact text to send at inference: what training put before the completion."""
        return self.bare_prompt(prompt) + self.separator

    def bare_prompt(self, prompt: str) -> str:
        """The prompt without the separator, if it carries one at its end."""
        return prompt.removesuffix(self.separator)

    def bare_completion(self, completion: str) -> str:
        """The completion without the stop sequence, if it carries one at its end."""
        return completion.removesuffix(self.stop_sequence)

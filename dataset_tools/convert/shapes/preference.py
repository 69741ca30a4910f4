r"""Preference pairs: a chosen and a rejected answer, of which fine-tuning can use the chosen one.

`chosen` is one of three things, row by row: a list of messages (the whole chat, or the answer to
`prompt`), a dialogue as one text (`"\n\nHuman: …\n\nAssistant: …"`, as in Anthropic's HH-RLHF),
or the answer itself.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from dataset_tools.convert.chat.message import Chat, Message
from dataset_tools.convert.chat.message_reader import (
    SYSTEM_COLUMNS,
    holds_messages,
    read_messages,
    read_system,
)
from dataset_tools.convert.chat.template import PlainTemplate
from dataset_tools.convert.chat.tool_reader import (
    TOOL_COLUMNS,
    read_tools,
    with_results_in_order,
)
from dataset_tools.convert.chat.turns import chat_records
from dataset_tools.convert.shapes.shape import ShapeChoices
from dataset_tools.convert.table import Row, RowError
from dataset_tools.convert.values import column_text, is_missing, shown_name
from dataset_tools.errors import InputError
from dataset_tools.records import Record

CHOSEN, REJECTED = "chosen", "rejected"
PROMPT_COLUMNS = ("prompt", "question")

_HUMAN = "\n\nHuman:"
_ASSISTANT = "\n\nAssistant:"
_SPEAKER = re.compile(r"\n\n(Human|Assistant):")


@dataclass(frozen=True)
class PreferencePairs:
    """The columns `chosen` and `rejected`, mostly with `prompt` or `question`."""

    name: ClassVar[str] = "preference pairs (chosen side)"

    choices: ShapeChoices
    prompt_column: str | None
    texts_are_chat: bool
    """Whether plain texts go through the template, or are prompt and completion as they stand."""

    @property
    def separator(self) -> str:
        """The template's own; the plain one's is also that of plain texts."""
        return self.choices.chat_template.separator

    @classmethod
    def recognise(
        cls, columns: Collection[str], first_row: Row, choices: ShapeChoices
    ) -> Self | None:
        """The shape where both columns are there, of text or messages, and one side is asked for.

        Raises InputError where the chosen side is not asked for.
        """
        chosen = first_row.get(CHOSEN)
        if CHOSEN not in columns or REJECTED not in columns:
            return None
        if not (isinstance(chosen, str) or is_missing(chosen) or holds_messages(chosen)):
            return None
        if not choices.chosen_only:
            raise InputError(
                f"found preference data (the columns '{CHOSEN}' and '{REJECTED}'), but supervised "
                "fine-tuning uses one side; give --chosen-only to train on the chosen answers"
            )
        prompt_column = next((column for column in PROMPT_COLUMNS if column in columns), None)
        texts_are_chat = (
            not isinstance(choices.chat_template, PlainTemplate)
            or not {*SYSTEM_COLUMNS, *TOOL_COLUMNS}.isdisjoint(columns)
            or holds_messages(chosen)
        )
        return cls(choices, prompt_column, texts_are_chat)

    def records(self, row: Row) -> list[Record]:
        """The chosen answers; raises RowError where there is none or it cannot be read."""
        messages = self._messages(row)
        if messages is None:
            return [Record(self._prompt_text(row), _answer_text(row))]
        if messages[-1].role != "assistant":
            raise RowError(
                f"{messages[-1].place}: the chosen side ends with the role '{messages[-1].role}', "
                "expected the assistant's answer at its end"
            )
        ordered = with_results_in_order([*read_system(row), *messages])
        chat = Chat(ordered, read_tools(row))
        return chat_records(chat, self.choices.chat_template, self.choices.turns)

    def _messages(self, row: Row) -> Sequence[Message] | None:
        """The chat up to its chosen answer, None where the texts are no chat."""
        prompt = row.get(self.prompt_column) if self.prompt_column else None
        if holds_messages(row.get(CHOSEN)):
            chosen = read_messages(row.get(CHOSEN), CHOSEN)
            return chosen if is_missing(prompt) else self._after_prompt(row, chosen)
        answer = Message("assistant", _answer_text(row), place=f"column '{CHOSEN}'")
        if self.prompt_column and holds_messages(prompt):
            return [*read_messages(prompt, self.prompt_column), answer]
        text = self._prompt_text(row)
        dialogue = _dialogue(text, answer.content)
        if dialogue is not None:
            return dialogue
        if self.prompt_column is None:
            raise RowError(
                f"column '{CHOSEN}' is an answer without a prompt: found no column "
                f"{' or '.join(map(repr, PROMPT_COLUMNS))}; name the columns with --prompt and "
                "--completion"
            )
        return [self._user(text), answer] if self.texts_are_chat else None

    def _after_prompt(self, row: Row, chosen: list[Message]) -> Sequence[Message]:
        """The chosen messages behind those of the prompt, with which they may begin already."""
        assert self.prompt_column is not None
        if holds_messages(row[self.prompt_column]):
            before = read_messages(row[self.prompt_column], self.prompt_column)
            is_within = chosen[: len(before)] == before
        else:
            text = self._prompt_text(row)
            before = [self._user(text)]
            is_within = any(
                message.role == "user" and message.content.strip() == text.strip()
                for message in chosen
            )
        if is_within:
            return chosen
        if chosen[0].role == "assistant":
            return [*before, *chosen]
        raise RowError(
            f"column '{CHOSEN}' is a chat in which column {shown_name(self.prompt_column)} is not "
            "found; expected the whole chat, or the assistant's answer alone"
        )

    def _prompt_text(self, row: Row) -> str:
        if self.prompt_column is None:
            return ""
        return column_text(row, self.prompt_column, self.choices.missing)

    def _user(self, text: str) -> Message:
        return Message("user", text, place=f"column {shown_name(self.prompt_column or '')}")


def _answer_text(row: Row) -> str:
    text = column_text(row, CHOSEN)
    if not text.strip():
        raise RowError(f"column '{CHOSEN}' is blank, expected the answer to train")
    return text


def _dialogue(prompt: str, answer: str) -> list[Message] | None:
    """The messages of a dialogue that is one text, or is cut before its answer; None for others.

    Only a text that opens with the human's label and has the assistant's is taken for one, and
    only where it holds the prompt.
    """
    if answer.startswith(_HUMAN) and _ASSISTANT in answer:
        messages = _speeches(answer)
        humans = [message.content.strip() for message in messages if message.role == "user"]
        is_whole = answer.startswith(prompt) or prompt.strip() in humans
        return messages if is_whole else None
    if prompt.startswith(_HUMAN) and prompt.rstrip(" ").endswith(_ASSISTANT):
        return _speeches(f"{prompt.rstrip(' ')} {answer.removeprefix(' ')}")
    return None


def _speeches(dialogue: str) -> list[Message]:
    _, *parts = _SPEAKER.split(dialogue)
    return [
        Message(
            "user" if speaker == "Human" else "assistant",
            text.removeprefix(" "),
            place=f"column '{CHOSEN}', turn {number}",
        )
        for number, (speaker, text) in enumerate(zip(parts[::2], parts[1::2], strict=True), start=1)
    ]

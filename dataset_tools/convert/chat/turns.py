"""Turns: which answers of a chat are trained, and with what before them."""

from typing import Literal

from dataset_tools.convert.chat.message import Chat
from dataset_tools.convert.chat.template import ChatTemplate
from dataset_tools.convert.table import RowError
from dataset_tools.records import Record

Turns = Literal["last", "each"]


def chat_records(chat: Chat, template: ChatTemplate, turns: Turns) -> list[Record]:
    """A record for the last answer, or for each; its prompt is all that stands before it.

    An answer is an assistant's message with a message before it: what the assistant opens a chat
    with answers nothing, and is only part of the prompts that follow. What stands after the last
    answer is in no record. Raises RowError where there is no answer to train, or a blank one.
    """
    answers = [
        index
        for index, message in enumerate(chat.messages)
        if message.role == "assistant" and index > 0
    ]
    targets = [index for index in answers if chat.messages[index].is_target]
    if not targets:
        place = chat.messages[-1].place
        if answers:
            raise RowError(
                f"found no answer to train: all up to the last message ({place}) have the weight 0"
            )
        raise RowError(
            "found no answer to train: no assistant's message follows another message, up to the "
            f"last ({place})"
        )
    records = []
    for index in targets if turns == "each" else targets[-1:]:
        answer = chat.messages[index]
        if not answer.content.strip() and not answer.tool_calls:
            raise RowError(
                f"{answer.place}: the answer to train is blank, expected text or a tool call; "
                "'weight': 0 keeps it from being trained"
            )
        prompt, completion = template.render(chat.messages[:index], answer, chat.tools)
        records.append(Record(prompt, completion))
    return records

"""Messages as they stand in a row: OpenAI's `messages` and ShareGPT's `conversations`.

Both are lists of objects with a role and a text, under other names; what either calls them is
understood in both. What a message holds beyond that is refused where it is part of what the model
reads or writes (an image, reasoning), and left out where it is about the message (a time, an id).
"""

from collections.abc import Mapping, Sequence
from itertools import islice

from dataset_tools.convert.chat.json_cell import as_list, kind_of
from dataset_tools.convert.chat.message import Chat, Message, Role
from dataset_tools.convert.chat.tool_reader import (
    read_call_text,
    read_calls,
    read_tools,
    with_results_in_order,
)
from dataset_tools.convert.table import Row, RowError
from dataset_tools.convert.values import is_missing, shown_name

ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "model": "assistant",
    "function_call": "assistant",
    "tool": "tool",
    "function": "tool",
    "observation": "tool",
}
SYSTEM_COLUMNS = ("system", "system_prompt")

_MOST_NAMED = 5  # keys of a message that an error lists
_ROLE_KEYS = ("role", "from")
_CONTENT_KEYS = ("content", "value")
_TEXT_PARTS = frozenset({"text", "input_text", "output_text"})
# parts of a message that templates would leave out without a word
_UNRENDERED_KEYS = (
    *("refusal", "audio", "audios", "image", "images", "video", "videos"),
    *("reasoning", "reasoning_content", "thinking"),
)


def holds_messages(value: object) -> bool:
    """Whether a value is a list of objects, or text that spells one whose first has a role.

    An empty list is one too: what is wrong with it, the row says.
    """
    items = as_list(value)
    if not items:
        return items is not None
    first = items[0]
    has_role = isinstance(first, Mapping) and any(key in first for key in _ROLE_KEYS)
    return has_role or (isinstance(first, Mapping) and not isinstance(value, str))


def read_chat(row: Row, column: str) -> Chat:
    """The chat in a row's column, with the row's own system message and tools.

    Raises RowError where a message cannot be read; it names the message by its number, from 1.
    """
    messages = [*read_system(row), *read_messages(row.get(column), column)]
    return Chat(with_results_in_order(messages), read_tools(row))


def read_system(row: Row) -> list[Message]:
    """The system messages that stand in columns of their own, beside the chat."""
    messages = []
    for column in SYSTEM_COLUMNS:
        value = row.get(column)
        if _is_empty(value):
            continue
        if not isinstance(value, str):
            raise RowError(f"column {shown_name(column)}: found {kind_of(value)}, expected text")
        messages.append(Message("system", value, place=f"column {shown_name(column)}"))
    return messages


def read_messages(value: object, column: str) -> list[Message]:
    """The messages of a list, or of the text of one; raises RowError where one cannot be read."""
    if is_missing(value):
        raise RowError(f"column {shown_name(column)} has no value, expected a list of messages")
    items = as_list(value)
    if items is None:
        raise RowError(
            f"column {shown_name(column)}: found {kind_of(value)}, expected a list of messages, or "
            "the JSON text of one"
        )
    if not items:
        raise RowError(f"column {shown_name(column)}: the list of messages is empty")
    list_place = f"column {shown_name(column)}"
    messages = []
    for number, item in enumerate(items, start=1):
        place = f"{list_place}, message {number}"
        messages.append(_bare_message(item, place) or _read_message(item, place))
    return messages


def _bare_message(item: object, place: str) -> Message | None:
    """The message that is a role and a text and nothing else, which most are; None for others."""
    if type(item) is not dict or len(item) != 2:
        return None
    role, content = item.get("role", item.get("from")), item.get("content", item.get("value"))
    if type(role) is not str or type(content) is not str or role == "function_call":
        return None
    known = ROLES.get(role)
    return None if known is None else Message(known, content, place=place)


def _read_message(item: object, place: str) -> Message:
    if not isinstance(item, Mapping):
        raise RowError(
            f"{place}: found {kind_of(item)}, expected an object with a role and a content"
        )
    spelt_role = _text_under(item, _ROLE_KEYS, place)
    role = ROLES.get(spelt_role.strip().lower())
    if role is None:
        raise RowError(
            f"{place}: found the role {shown_name(spelt_role)}, expected one of {', '.join(ROLES)}"
        )
    for key in _UNRENDERED_KEYS:
        if key in item and not _is_empty(item[key]):
            raise RowError(
                f"{place}: has '{key}', which a text record cannot hold beside the content; put "
                "what is to be trained into the content, or take the key out"
            )
    calls = read_calls(item, place)
    if calls and role != "assistant":
        raise RowError(f"{place}: found tool calls of the role '{spelt_role}', expected assistant")
    content = _read_content(item, place, may_be_missing=bool(calls))
    if spelt_role.strip().lower() == "function_call":
        calls, content = (*calls, *read_call_text(content, place)), ""
    return Message(
        role,
        content,
        calls,
        name=_optional_name(item, "name", place),
        call_id=_optional_name(item, "tool_call_id", place) if role == "tool" else None,
        is_target=_read_weight(item, place),
        place=place,
    )


def _is_empty(value: object) -> bool:
    """Whether nothing is there: no value, an empty text, or an empty list."""
    return not value if isinstance(value, str) else is_missing(value) or as_list(value) == []


def _text_under(item: Mapping[str, object], keys: Sequence[str], place: str) -> str:
    """The text under the one of the keys that the message has."""
    value = _value_under(item, keys, place)
    if not isinstance(value, str):
        raise RowError(f"{place}: '{keys[0]}' is {kind_of(value)}, expected text")
    return value


def _value_under(item: Mapping[str, object], keys: Sequence[str], place: str) -> object:
    values = [item[key] for key in keys if key in item and not is_missing(item[key])]
    if len(values) > 1:
        raise RowError(f"{place}: has both '{keys[0]}' and '{keys[1]}', expected one of them")
    if not values:
        found = ", ".join(shown_name(str(key)) for key in islice(item, _MOST_NAMED)) or "no keys"
        raise RowError(f"{place}: found {found}, expected a value under '{keys[0]}' or '{keys[1]}'")
    return values[0]


def _read_content(item: Mapping[str, object], place: str, may_be_missing: bool) -> str:
    """The text of a message, the parts of a list joined."""
    if may_be_missing and all(is_missing(item.get(key)) for key in _CONTENT_KEYS):
        return ""
    value = _value_under(item, _CONTENT_KEYS, place)
    if isinstance(value, str):
        return value
    parts = as_list(value)
    if parts is None:
        raise RowError(
            f"{place}: the content is {kind_of(value)}, expected text or a list of text parts"
        )
    return "".join(_read_part(part, place) for part in parts)


def _read_part(part: object, place: str) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, Mapping):
        raise RowError(f"{place}: a part of the content is {kind_of(part)}, expected a text part")
    kind, text = part.get("type"), part.get("text")
    if kind in _TEXT_PARTS and isinstance(text, str):
        return text
    found = shown_name(kind) if isinstance(kind, str) else "no type"
    raise RowError(
        f"{place}: a part of the content has {found}, expected parts of the type 'text' with a "
        "'text' alone; records hold text"
    )


def _optional_name(item: Mapping[str, object], key: str, place: str) -> str | None:
    value = item.get(key)
    if _is_empty(value):
        return None
    if not isinstance(value, str) or not value.isprintable():
        raise RowError(f"{place}: '{key}' is no text on one line")
    return value


def _read_weight(item: Mapping[str, object], place: str) -> bool:
    """Whether the message may be trained; OpenAI's weights are 0 and 1."""
    weight = item.get("weight")
    if is_missing(weight):
        return True
    if hasattr(weight, "tolist"):  # a number of numpy's, or an array, which becomes a list
        weight = weight.tolist()
    if isinstance(weight, bool) or not isinstance(weight, int | float) or weight not in (0, 1):
        found = weight if type(weight) in (int, float) else kind_of(weight)
        raise RowError(f"{place}: 'weight' is {found}, expected 0 or 1")
    return weight == 1

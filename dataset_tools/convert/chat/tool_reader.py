"""Tools in chats: the functions a row offers, the calls of the assistant, and their results."""

from collections.abc import Mapping, Sequence
from itertools import takewhile

from dataset_tools.convert.chat.json_cell import as_list, kind_of, parsed_object, plain_json
from dataset_tools.convert.chat.message import Message, ToolCall
from dataset_tools.convert.table import Row, RowError
from dataset_tools.convert.values import is_missing, shown_name

TOOL_COLUMNS = ("tools", "functions")
_NO_TOOLS = ("", "null", "None")  # texts of cells that hold none


def read_tools(row: Row) -> tuple[Mapping[str, object], ...]:
    """The tools of a row, as OpenAI writes them; raises RowError where they are no list of such.

    A tool written as the bare function (`{"name": …}`) is wrapped.
    """
    tools: list[Mapping[str, object]] = []
    for column in TOOL_COLUMNS:
        value = row.get(column)
        if is_missing(value) or (isinstance(value, str) and value.strip() in _NO_TOOLS):
            continue
        items = as_list(value)
        if items is None or not all(isinstance(item, Mapping) for item in items):
            raise RowError(
                f"column {shown_name(column)}: found {kind_of(value)}, expected a list of JSON "
                "objects, each a function the assistant may call"
            )
        tools += [_read_tool(item, column) for item in items if isinstance(item, Mapping)]
    return tuple(tools)


def _read_tool(item: Mapping[str, object], column: str) -> Mapping[str, object]:
    try:
        tool = plain_json(item)
    except RowError as error:
        raise RowError(f"column {shown_name(column)} {error}") from error
    if isinstance(tool, dict) and is_missing(tool.get("function")):
        tool = {"type": "function", "function": tool}
    function = tool["function"] if isinstance(tool, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise RowError(
            f"column {shown_name(column)}: a tool that is no function with a name; expected as in "
            '\'{"type": "function", "function": {"name": "search"}}\''
        )
    assert isinstance(tool, dict)
    return tool


def read_calls(message: Mapping[str, object], place: str) -> tuple[ToolCall, ...]:
    """The calls of an assistant's message, from `tool_calls` or the older `function_call`."""
    calls = []
    listed = message.get("tool_calls")
    if not is_missing(listed):
        items = as_list(listed)
        if items is None:
            raise RowError(f"{place}: 'tool_calls' is {kind_of(listed)}, expected a list")
        calls += [_read_call(item, place) for item in items]
    single = message.get("function_call")
    if not is_missing(single):
        calls.append(_read_call(single, place))
    return tuple(calls)


def read_call_text(text: str, place: str) -> tuple[ToolCall, ...]:
    """The calls that ShareGPT's `function_call` turn spells: a JSON object, or a list of them."""
    items = as_list(text)
    single = parsed_object(text) if items is None else None
    if single is not None:
        items = [single]
    if not items:
        raise RowError(
            f"{place}: a turn of a function call holds other text, expected JSON as in "
            '\'{"name": "search", "arguments": {"query": "tides"}}\''
        )
    return tuple(_read_call(item, place) for item in items)


def with_results_in_order(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The messages, with the results of several calls in the order of the calls.

    Then the order says which is whose, also in templates that leave ids and names out. Raises
    RowError where a result answers no call of the message before it, or skips one.
    """
    ordered = list(messages)
    start = 0
    while start < len(ordered):
        calls = ordered[start].tool_calls
        start += 1
        if calls:
            results = list(takewhile(_names_its_call, ordered[start:]))
            ordered[start : start + len(results)] = _in_order_of(calls, results)
    return tuple(ordered)


def _in_order_of(calls: Sequence[ToolCall], results: Sequence[Message]) -> list[Message]:
    answers: dict[int, Message] = {}
    for result in results:
        place = next(
            (
                place
                for place, call in enumerate(calls)
                if place not in answers and _answers(result, call)
            ),
            None,
        )
        if place is None:
            raise RowError(
                f"{result.place}: its 'tool_call_id' or 'name' is that of no call in the "
                "assistant's message before it, or the call has a result already"
            )
        answers[place] = result
    if any(place not in answers for place in range(len(answers))):
        raise RowError(
            f"{results[0].place}: a call of the assistant's message before it has no result, "
            "though a later call has one; expected a result for each"
        )
    return [answers[place] for place in sorted(answers)]


def _answers(result: Message, call: ToolCall) -> bool:
    if result.call_id is not None and call.call_id is not None:
        return result.call_id == call.call_id
    return result.name is None or result.name == call.name


def _names_its_call(message: Message) -> bool:
    return message.role == "tool" and (message.call_id or message.name) is not None


def _read_call(item: object, place: str) -> ToolCall:
    """One call: `{"function": {"name", "arguments"}}` with an id, or the inner object alone."""
    if not isinstance(item, Mapping):
        raise RowError(f"{place}: a tool call is {kind_of(item)}, expected a JSON object")
    function = item.get("function")
    if is_missing(function):
        function = item
    if not isinstance(function, Mapping):
        raise RowError(f"{place}: a call's 'function' is {kind_of(function)}, expected an object")
    name, call_id = function.get("name"), item.get("id")
    if not isinstance(name, str) or not name:
        raise RowError(f"{place}: a tool call without the 'name' of its function")
    if not (isinstance(call_id, str) or is_missing(call_id)):
        raise RowError(f"{place}: a tool call's 'id' is {kind_of(call_id)}, expected text")
    arguments = function.get("arguments")
    try:
        return ToolCall(name, _read_arguments(arguments), call_id or None)
    except RowError as error:
        raise RowError(f"{place}: a call's 'arguments' {error}") from error


def _read_arguments(value: object) -> object:
    """The arguments as an object, from which templates write them in their own way."""
    if is_missing(value):
        return {}
    if isinstance(value, str):
        parsed = parsed_object(value)
        return value if parsed is None else parsed
    return plain_json(value)

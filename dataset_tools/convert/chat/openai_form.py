"""Messages as OpenAI writes them, which is what the chat templates of tokenizers read."""

from collections.abc import Callable

from dataset_tools.convert.chat.message import Message, ToolCall


def message_as_openai(
    message: Message, write_arguments: Callable[[object], object] = lambda arguments: arguments
) -> dict[str, object]:
    """The message with the keys it has; a call's arguments are an object, unless written so."""
    written: dict[str, object] = {"role": message.role, "content": message.content}
    if message.name is not None:
        written["name"] = message.name
    if message.call_id is not None:
        written["tool_call_id"] = message.call_id
    if message.tool_calls:
        written["tool_calls"] = [_call(call, write_arguments) for call in message.tool_calls]
    return written


def _call(call: ToolCall, write_arguments: Callable[[object], object]) -> dict[str, object]:
    function = {"name": call.name, "arguments": write_arguments(call.arguments)}
    written: dict[str, object] = {"type": "function", "function": function}
    return written if call.call_id is None else {"id": call.call_id, **written}

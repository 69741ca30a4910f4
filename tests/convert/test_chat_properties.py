"""What holds for all chats: no crash, nothing lost by the plain template, as many as there are."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_tools.convert.chat.message_reader import ROLES
from dataset_tools.convert.shapes import ShapeChoices
from dataset_tools.convert.shapes.openai_messages import OpenAIMessages
from dataset_tools.convert.shapes.preference import PreferencePairs
from dataset_tools.convert.shapes.shape import Turns
from dataset_tools.convert.shapes.sharegpt import ShareGPTConversations
from dataset_tools.convert.table import RowError
from dataset_tools.records import Record

LABEL = re.compile(r"(?:\A|\n\n)(System|User|Assistant|Tool):\n")
ROLE_OF_LABEL = {"System": "system", "User": "user", "Assistant": "assistant", "Tool": "tool"}

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)
calls = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "id": any_json | st.sampled_from(["c1", "c2"]),
            "name": any_json | st.text(max_size=3),
            "arguments": any_json,
            "function": any_json
            | st.fixed_dictionaries({"name": st.text(max_size=3), "arguments": any_json}),
        },
    )
    | any_json,
    max_size=3,
)
nearly_messages = st.lists(
    any_json
    | st.fixed_dictionaries(
        {"role": st.sampled_from(list(ROLES)) | any_json},
        optional={
            "content": st.text(max_size=8) | any_json | st.lists(st.just({"type": "text"})),
            "value": any_json,
            "tool_calls": calls | any_json,
            "function_call": any_json,
            "tool_call_id": st.sampled_from(["c1", "c2"]) | any_json,
            "name": any_json,
            "weight": st.sampled_from([0, 1, 0.0, None]) | any_json,
            "refusal": any_json,
        },
    ),
    max_size=5,
)
anything = nearly_messages | any_json | nearly_messages.map(repr)
good_content = st.text(st.sampled_from("ab: \n\r\u2028é{}"), max_size=6)
good_chats = st.lists(st.tuples(st.sampled_from(sorted(ROLE_OF_LABEL.values())), good_content))


def records(chat: list[dict[str, Any]], turns: Turns = "last", **row: object) -> list[Record]:
    shape = OpenAIMessages("messages", ShapeChoices(turns=turns))
    return list(shape.records({"messages": chat, **row}))


@given(anything, anything, anything, st.sampled_from(["last", "each"]))
def test_whatever_stands_in_the_columns_is_a_record_or_an_error(
    chat: object, tools: object, system: object, turns: Turns
) -> None:
    """No value of any kind makes the shapes of chats crash."""
    choices = ShapeChoices(turns=turns)
    row = {"messages": chat, "conversations": chat, "tools": tools, "system": system}
    for shape in (
        OpenAIMessages("messages", choices),
        ShareGPTConversations("conversations", choices),
    ):
        try:
            made = list(shape.records(row))
        except RowError as error:
            assert str(error)
        else:
            assert made
            assert all(record.completion.strip() and record.prompt for record in made)


@given(anything, anything, anything, st.booleans())
def test_whatever_stands_in_preference_columns_is_a_record_or_an_error(
    prompt: object, chosen: object, system: object, has_system: bool
) -> None:
    """No value of any kind makes the shape of preference pairs crash."""
    row = {"prompt": prompt, "chosen": chosen, "rejected": chosen}
    row |= {"system": system} if has_system else {}
    shape = PreferencePairs.recognise(row.keys(), row, ShapeChoices(chosen_only=True))
    if shape is None:
        return
    try:
        made = shape.records(row)
    except RowError as error:
        assert str(error)
    else:
        assert all(record.completion.strip() for record in made)


@given(good_chats, good_content)
def test_plain_records_hold_all_roles_and_texts(chat: list[tuple[str, str]], answer: str) -> None:
    """Roles and texts can be read back from prompt and completion, so no two chats look alike."""
    chat = [("user", "first"), *chat, ("assistant", f"{answer}x")]

    (record,) = records([{"role": role, "content": content} for role, content in chat])

    _, *parts = LABEL.split(f"{record.prompt}\n{record.completion}")
    found = zip(parts[::2], parts[1::2], strict=True)
    assert chat == [(ROLE_OF_LABEL[label], content) for label, content in found]


@given(good_chats, st.lists(st.booleans(), min_size=10, max_size=10))
def test_each_makes_a_record_for_every_answer_and_the_last_is_last(
    chat: list[tuple[str, str]], weights: list[bool]
) -> None:
    """`each` has one record for every assistant's message to train; its last is that of `last`."""
    chat = [("user", "first"), *chat[:9]]
    messages = [
        {"role": role, "content": f"{content}x", "weight": int(weight)}
        for (role, content), weight in zip(chat, weights, strict=False)
    ]
    targets = [each for each in messages if each["role"] == "assistant" and each["weight"]]
    if not targets:
        with pytest.raises(RowError):
            records(messages, "each")
        return

    made = records(messages, "each")

    assert [each["content"] for each in targets] == [record.completion for record in made]
    assert made[-1:] == records(messages, "last")


def test_arrays_of_objects_are_lists() -> None:
    """Lists as pandas hands them over, arrays within arrays, with numpy's numbers and NaN."""
    tool = {"name": "tide", "parameters": {"required": np.array(["port"])}}
    call = {"id": "c1", "function": {"name": "tide", "arguments": {"depths": np.array([1.5, 2])}}}
    chat = np.array(
        [
            {"role": "user", "content": np.array([{"type": "text", "text": "a"}]), "name": np.nan},
            {"role": "assistant", "content": None, "tool_calls": np.array([call])},
            {"role": "tool", "tool_call_id": "c1", "content": "r", "weight": np.float64(0)},
            {"role": "assistant", "content": "b", "weight": np.int64(1), "tool_calls": np.nan},
        ],
        dtype=object,
    )
    row = {"messages": chat, "tools": np.array([tool], dtype=object)}

    shape = OpenAIMessages.recognise(row.keys(), row, ShapeChoices())

    assert shape is not None
    (record,) = shape.records(row)
    assert record == Record(
        'Tools:\n{"type": "function", "function": {"name": "tide", '
        '"parameters": {"required": ["port"]}}}\n\nUser:\na\n\n'
        'Assistant:\n{"name": "tide", "arguments": {"depths": [1.5, 2.0]}}\n\nTool:\nr\n\n'
        "Assistant:",
        "b",
    )


@pytest.mark.parametrize(
    "value", [np.array([]), np.array(["a", "b"]), np.array([[1.5, 2]]), np.array([np.nan])]
)
def test_arrays_in_any_place_are_no_crash(value: Any) -> None:
    """An array has no truth value and no equal; it is read or named like any other value."""
    message = {"role": "user", "content": "a"}
    answer = {"role": "assistant", "content": "b"}
    keys = ["role", "content", "name", "weight", "refusal", "tool_calls", "function_call"]
    rows = [{"messages": [{**message, key: value}, answer]} for key in keys]
    columns = ["messages", "system", "tools", "functions"]
    rows += [{"messages": [message, answer], column: value} for column in columns]
    for row in rows:
        try:
            assert OpenAIMessages("messages", ShapeChoices()).records(row)
        except RowError as error:
            assert str(error)


def test_rows_of_pandas_and_datasets(tmp_path: Any) -> None:
    """A frame, its Parquet and CSV files and a Dataset of it hold the same chats."""
    import datasets
    import pandas

    chat = [{"from": "human", "value": 'it\'s "a"\n'}, {"from": "gpt", "value": "b\\d"}]
    frame = pandas.DataFrame({"conversations": [chat]})
    frame.to_parquet(tmp_path / "chats.parquet")
    frame.to_csv(tmp_path / "chats.csv", index=False)
    rows = [
        frame.to_dict("records")[0],
        pandas.read_parquet(tmp_path / "chats.parquet").to_dict("records")[0],
        pandas.read_csv(tmp_path / "chats.csv").to_dict("records")[0],
        datasets.Dataset.from_pandas(frame)[0],
    ]

    for row in rows:
        shape = ShareGPTConversations.recognise(row.keys(), row, ShapeChoices())
        assert shape is not None
        expected = [Record('User:\nit\'s "a"\n\n\nAssistant:', "b\\d")]
        assert expected == list(shape.records(row))

"""Chats and preference pairs against their cases in `tests/cases/chats`: a row in, records out."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from dataset_tools.convert.shapes import ShapeChoices, recognise_shape
from dataset_tools.convert.shapes.openai_messages import OpenAIMessages
from dataset_tools.convert.shapes.preference import PreferencePairs
from dataset_tools.convert.shapes.sharegpt import ShareGPTConversations
from dataset_tools.convert.table import RowError
from dataset_tools.errors import InputError

FOLDER = Path(__file__).parent.parent / "cases" / "chats"
SHAPES = {
    "openai_messages": OpenAIMessages,
    "sharegpt": ShareGPTConversations,
    "preference": PreferencePairs,
}
CASES = [
    pytest.param(path.stem, case, id=f"{path.stem}-{case['name']}")
    for path in sorted(FOLDER.glob("*.yaml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("shape_name", "case"), CASES)
def test_a_row_becomes_the_records_or_the_error_of_its_case(
    shape_name: str, case: dict[str, Any]
) -> None:
    """The shape is recognised, and makes exactly these records or names this mistake."""
    row = case["row"]

    shape = recognise_shape(row.keys(), row, ShapeChoices(**case.get("choices", {})))

    assert isinstance(shape, SHAPES[shape_name])
    assert ("records" in case) != ("error" in case)
    if "error" in case:
        with pytest.raises(RowError) as caught:
            list(shape.records(row))
        assert case["error"] in str(caught.value)
    else:
        assert case["records"] == [record.as_json_object() for record in shape.records(row)]


def test_every_shape_of_chats_has_cases() -> None:
    """A case file belongs to a shape, and a shape has one."""
    assert set(SHAPES) == {path.stem for path in FOLDER.glob("*.yaml")}


@pytest.mark.parametrize(
    "row",
    [
        {"messages": "Hello"},
        {"messages": '[{"text": "no role"}]'},
        {"messages": None},
        {"messages": ["Hello", "Hi"]},
        {"conversation": "A: Hello\nB: Hi"},
        {"conversations": 7},
        {"chosen": 1, "rejected": 0},
        {"chosen": "a", "prompt": "b"},
        {"messages": "[" * 100_000},
    ],
)
def test_columns_of_these_names_that_hold_no_chats_are_not_recognised(row: dict[str, Any]) -> None:
    """A column's name alone does not make it a chat."""
    assert recognise_shape(row.keys(), row, ShapeChoices(chosen_only=True)) is None


def test_preference_data_is_refused_until_one_side_is_asked_for() -> None:
    """The message says what the data is, and which flag takes the chosen answers."""
    row = {"prompt": "a", "chosen": "b", "rejected": "c"}

    with pytest.raises(InputError, match=r"preference data .* give --chosen-only"):
        recognise_shape(row.keys(), row, ShapeChoices())

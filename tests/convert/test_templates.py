"""Templates: what a text with braces means for a table's columns."""

from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dataset_tools.convert.table import RowError
from dataset_tools.convert.template import parse_template
from dataset_tools.errors import InputError

COLUMNS = ("question", "the answer", "a.b", "{odd}")
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def rendered(template: str, **row: object) -> str:
    return parse_template(template, row.keys(), "--text").render(row)


@given(ANY_TEXT, ANY_TEXT)
def test_a_value_comes_out_as_it_is(before: str, value: str) -> None:
    """Whatever a value holds, braces and percent signs included, stands in the text unchanged."""
    doubled = before.replace("{", "{{").replace("}", "}}")
    assert rendered(doubled + "{column}", column=value) == before + value


@given(ANY_TEXT)
def test_a_text_is_a_template_or_a_named_mistake(text: str) -> None:
    """No text makes a template crash."""
    try:
        template = parse_template(text, COLUMNS, "--text")
    except InputError as error:
        assert str(error).startswith("--text: ")
    else:
        assert set(template.columns) <= set(COLUMNS)


@given(st.text(st.sampled_from("{}a"), max_size=8))
def test_literal_braces_are_undone_in_order(text: str) -> None:
    """Doubled braces come out single, and a text of nothing else is no template at all."""
    doubled = text.replace("{", "{{").replace("}", "}}")
    assume(text not in ("a", ""))
    assert rendered(doubled + "{a}", a="") == text


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("question", "Q"),
        ("{question}", "Q"),
        (" {the answer}", " A"),
        ("{a.b}", "dotted"),
        ("{odd}", "a column that is called so"),
        ("", ""),
        ("{question}{question}", "QQ"),
    ],
)
def test_the_name_of_a_column_is_taken_as_it_is(template: str, expected: str) -> None:
    """A bare name is a template, and no character in a name means more than itself."""
    row = {
        "question": "Q",
        "the answer": "A",
        "a.b": "dotted",
        "{odd}": "a column that is called so",
    }
    assert parse_template(template, row, "--text").render(row) == expected


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{x", "--text: a single '{' at character 1; write '{{' for a brace, and {column} for"),
        ("ab}", "--text: a single '}' at character 3; write '}}' for a brace"),
        ("{Question}", "there is no column 'Question'; the columns are 'question', 'the answer'"),
        ("{Question}", "did you mean 'question'?"),
        ("{}", "there is no column ''"),
        ("Write a poem.", "a template holds at least one {column}"),
        ("{question!r}", "there is no column 'question!r'"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(template: str, message: str) -> None:
    """Braces and columns that cannot be meant end with what was found and what to write."""
    with pytest.raises(InputError) as caught:
        parse_template(template, COLUMNS, "--text")
    assert message in str(caught.value)


@pytest.mark.parametrize("value", [None, float("nan")])
def test_a_missing_value_is_an_error_or_an_empty_text(value: object) -> None:
    """Nothing is written as None or nan; the policy decides."""
    template = parse_template("{a}!", ["a"], "--text")
    assert template.render({"a": value}, "empty") == "!"
    with pytest.raises(RowError, match="column 'a' has no value; fill it in"):
        template.render({"a": value})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "7"),
        (0.5, "0.5"),
        (True, "true"),
        ([1, "é"], '[1, "é"]'),
        ({"a": None}, '{"a": null}'),
    ],
)
def test_values_that_are_no_text_have_one_spelling(value: object, text: str) -> None:
    """Numbers are written as Python does, lists and objects as JSON."""
    assert rendered("{a}", a=value) == text


def test_a_value_that_has_no_spelling_is_named() -> None:
    """Bytes are no text."""
    with pytest.raises(RowError, match="column 'a' holds a value of type 'bytes', expected text"):
        rendered("{a}", a=b"\xff")


def test_a_duration_is_no_text() -> None:
    """It can be written in many ways; the message says how to choose one."""
    with pytest.raises(RowError) as raised:
        rendered("{a}", a=timedelta(minutes=90))

    assert str(raised.value) == (
        "column 'a' holds a duration (1:30:00), expected text; write it as text such as 1:30:00 in "
        "the table"
    )

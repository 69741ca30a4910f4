"""One record under two recipes."""

from typing import Any

import pytest
from preview_pictures import terminal
from rich.cells import cell_len
from toy_tokenizers import CharacterTokenizer, WordTokenizer

from dataset_tools.preview import RecordView, comparison_terminal, view_record
from dataset_tools.preview.comparison import as_json_object, differences
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.records import Record
from dataset_tools.tokens import TrainingFormat

RECORD = Record("one two three four", " five", 0.5)
BASE: dict[str, Any] = {"prompt_format": PromptFormat("\n", ""), "chunk_size": 12}


def view(tokenizer: Any = None, **changes: Any) -> RecordView:
    """A view of the record, with the base's format changed."""
    training_format = TrainingFormat(**{**BASE, **changes})
    return view_record("a.jsonl", 1, RECORD, training_format, tokenizer or WordTokenizer())


def told(first: RecordView, second: RecordView) -> dict[str, tuple[str, str]]:
    return {each.what: (each.first, each.second) for each in differences(first, second)}


def test_nothing_differs() -> None:
    """Equal settings give equal views."""
    assert told(view(), view()) == {}


def test_weights_and_labels() -> None:
    """The same tokens, trained otherwise."""
    assert told(view(), view(prompt_loss_weight=0.1)) == {
        "prompt_loss_weight": ("0", "0.1"),
        "labels": ("2 of 7 tokens are targets", "6 of 7 tokens are targets"),
        "loss weights": ("0 on 5 tokens, 0.5 on 2 tokens", "0.05 on 5 tokens, 0.5 on 2 tokens"),
    }


def test_truncation() -> None:
    """What a smaller chunk cuts, and which tokens are missing for it."""
    assert told(view(), view(chunk_size=5)) == {
        "chunk_size": ("12", "5"),
        "tokens cut off the prompt": ("0", "2"),
        "tokens": ("from token 1: 'one' ' two'", "none behind token 0"),
        "labels": ("2 of 7 tokens are targets", "2 of 5 tokens are targets"),
        "loss weights": ("0 on 5 tokens, 0.5 on 2 tokens", "0 on 3 tokens, 0.5 on 2 tokens"),
    }


def test_marks() -> None:
    """Another separator is other text, other tokens and another prompt."""
    found = told(view(), view(prompt_format=PromptFormat(" ->", "")))

    assert found["separator"] == (r"'\n'", "' ->'")
    assert found["prompt sent at inference"] == (
        r"'one two three four\n'",
        "'one two three four ->'",
    )
    assert found["tokens"] == (r"from token 5: '\n'", "from token 5: ' ' '->'")


def test_a_record_that_one_drops() -> None:
    """The fate of the record is told."""
    found = told(view(), view(chunk_size=4, on_too_long="drop"))

    assert found["fate"] == (
        "trained",
        "dropped: 7 tokens, chunk_size allows 4 (on_too_long: drop)",
    )
    assert found["sequences"] == ("1", "0")


def test_one_token_more_of_the_same() -> None:
    """What both begin with is not counted again among what both end with."""
    twice = view(CharacterTokenizer(), prompt_format=PromptFormat("\n\n", ""), chunk_size=99)
    once = view(CharacterTokenizer(), chunk_size=99)

    assert told(once, twice)["tokens"] == ("none behind token 20", r"from token 21: '\n'")


def test_another_tokenizer() -> None:
    """Where ids differ, the tokens are told, the first few of them."""
    found = told(view(), view(CharacterTokenizer(bos_id=None), chunk_size=99))

    assert found["tokens before cutting"] == ("7", "25")
    assert found["tokens"][1].endswith("and 16 more")


def test_one_without_tokenizer() -> None:
    """Then texts alone are compared, and it is said."""
    bare = view_record("a.jsonl", 1, RECORD, TrainingFormat(**BASE))

    assert told(view(), bare) == {"tokenizer": ("tokens", "no tokenizer")}


@pytest.mark.parametrize(("width", "columns"), [(120, 2), (80, 1)])
def test_side_by_side_where_there_is_room(width: int, columns: int) -> None:
    """Two columns from 100 on, else one beneath the other; no line is wider."""
    console = terminal(width)

    comparison_terminal.show(("a.yaml", "b.yaml"), (view(), view(chunk_size=5)), console)
    lines = console.file.getvalue().split("\n")  # type: ignore[attr-defined]

    assert max(map(cell_len, lines)) <= width
    assert columns == max(line.count("EOS  ") for line in lines)
    assert "b.yaml: none behind token 0" in lines


def test_json_holds_both_views() -> None:
    """The rows of each as a preview alone has them."""
    row = as_json_object(("a.yaml", "b.yaml"), (view(), view(chunk_size=5)))

    assert [len(each["input_ids"]) for each in row["first"]] == [7]
    assert [len(each["input_ids"]) for each in row["second"]] == [5]
    assert {"what": "chunk_size", "first": "12", "second": "5"} in row["differences"]

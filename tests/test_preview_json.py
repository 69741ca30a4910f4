"""A preview for programs."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from preview_pictures import VIEWS
from toy_tokenizers import CharacterTokenizer

from dataset_tools.preview import RecordView, RejectedLine, view_record
from dataset_tools.preview.json_lines import render, rows_of
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.records import Record
from dataset_tools.tokens import TrainingFormat

TOKENIZED = [name for name, view in VIEWS.items() if getattr(view, "tokenized", None)]


def test_what_is_cut_stands_apart() -> None:
    """Tokens, their places and their spelling: of what is trained, and of what is not."""
    view = view_record(
        "a",
        1,
        Record("abcdef", "g"),
        TrainingFormat(PromptFormat("|", ""), 6),
        CharacterTokenizer(),
    )

    (row,) = rows_of(view)

    assert row["tokens"] == ["<s>", "e", "f", "|", "g", "</s>"]
    assert row["token_spans"] == [(0, 0), (4, 5), (5, 6), (6, 7), (7, 8), (8, 8)]
    assert row["cut"]["tokens"] == ["a", "b", "c", "d"]
    assert row["cut"]["token_spans"] == [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert (row["truncated"], row["tokens_cut"], row["token_count"]) == (True, 4, 10)
    assert (row["dropped"], row["reason"]) == (False, None)


def test_a_dropped_record_has_a_reason() -> None:
    """No token of it is trained; all of them are among the cut ones."""
    training_format = TrainingFormat(PromptFormat("|", ""), 4, on_too_long="error")
    view = view_record("a", 1, Record("abc", "d"), training_format, CharacterTokenizer())

    (row,) = rows_of(view)

    assert (row["dropped"], row["input_ids"], row["tokens"]) == (True, [], [])
    assert len(row["cut"]["input_ids"]) == 7
    assert row["reason"].startswith("training refuses it: the record has 7 tokens")


@pytest.mark.parametrize("name", TOKENIZED)
def test_columns_have_one_length(name: str) -> None:
    """An entry a token in each of them, and together the record's tokens."""
    rows = list(rows_of(VIEWS[name]))

    for row in rows:
        columns = ("input_ids", "labels", "loss_weights", "tokens", "token_spans")
        assert len({len(row[column]) for column in columns}) == 1
    kept = sum(len(row["input_ids"]) + len(row["cut"]["input_ids"]) for row in rows)
    assert kept == rows[0]["token_count"]


@given(st.text(), st.text(), st.text())
def test_json_is_exact_and_ascii(path: str, prompt: str, completion: str) -> None:
    """No text acts on a terminal, and each is given back as it was."""
    view = view_record(path, 1, Record(prompt, completion), TrainingFormat())

    output = render(view)
    row: dict[str, Any] = json.loads(output)

    assert output.isascii()
    assert output.isprintable()
    assert view.text == "".join(segment["text"] for segment in row["segments"])
    assert view.inference_prompt == row["inference_prompt"]
    for segment in row["segments"]:
        assert segment["text"] == view.text[segment["start"] : segment["end"]]


@given(st.binary(), st.text(st.characters(categories=["Cs", "L"])))
def test_a_rejected_line_in_json(content: bytes, path: str) -> None:
    """Strict readers take it: no half of a surrogate pair, whatever the file's name holds."""
    output = render(RejectedLine(path, 1, content))

    assert output.isascii()
    json.loads(output)["path"].encode()
    json.loads(output)["raw"].encode()


def test_every_picture_has_a_json_form() -> None:
    """Each view of the golden files."""
    for view in VIEWS.values():
        rows = [json.loads(line) for line in render(view).split("\n")]
        formats = {row["format"] for row in rows}
        assert formats == {view.record.format if isinstance(view, RecordView) else None}

"""The chat templates of tokenizers: real ones, read from a folder by transformers."""

import json
from pathlib import Path
from typing import Any

import pytest
from chat_tokenizers import (
    CHATML,
    CHATML_TOOLS,
    INST,
    NAMES_OF_CALLS,
    TEXT_ARGUMENTS,
    THINKING,
    WITHOUT_SYSTEM,
    save_tokenizer,
)

from dataset_tools.convert.chat.template import ChatTemplate, PlainTemplate, load_chat_template
from dataset_tools.convert.shapes import ShapeChoices, recognise_shape
from dataset_tools.convert.shapes.shape import Turns
from dataset_tools.convert.table import RowError
from dataset_tools.errors import InputError
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.records import Record
from dataset_tools.tokenizer import load_tokenizer
from dataset_tools.tokens import TrainingFormat, tokenize

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

USER = {"role": "user", "content": "Hello"}
ANSWER = {"role": "assistant", "content": "Hi."}
TWO_TURNS = [
    {"role": "system", "content": "Be brief."},
    USER,
    ANSWER,
    {"role": "user", "content": "Bye"},
    {"role": "assistant", "content": "Goodbye."},
]
CALL = {
    "role": "assistant",
    "content": "",
    "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "tide", "arguments": '{"port": "W"}'}}
    ],
}
CALL_WITHOUT_ARGUMENTS = {**CALL, "tool_calls": [{"function": {"name": "tide"}}]}
TOOLS = [{"type": "function", "function": {"name": "tide", "parameters": {"type": "object"}}}]


def records(
    template: ChatTemplate, messages: list[dict[str, Any]], turns: Turns = "last", **row: object
) -> list[tuple[str | None, str]]:
    row = {"messages": messages, **row}
    shape = recognise_shape(row.keys(), row, ShapeChoices(turns=turns, chat_template=template))
    assert shape is not None
    return [(record.prompt, record.completion) for record in shape.records(row)]


def test_chatml_without_its_end_of_answer_where_that_is_eos(tmp_path: Path) -> None:
    """EOS and the line break behind it are the trainer's to add; the prompt stays whole."""
    name = save_tokenizer(tmp_path / "t", CHATML, eos_token="<|im_end|>", adds_bos=False)
    template = load_chat_template(name)

    assert records(template, TWO_TURNS) == [
        (
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n"
            "<|im_start|>assistant\nHi.<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n"
            "<|im_start|>assistant\n",
            "Goodbye.",
        )
    ]
    assert template.separator == ""


def test_an_end_of_answer_that_is_not_eos_is_trained(tmp_path: Path) -> None:
    """What the trainer does not add by itself stays in the completion."""
    template = load_chat_template(save_tokenizer(tmp_path / "t", CHATML))

    assert records(template, [USER, ANSWER]) == [
        ("<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n", "Hi.<|im_end|>\n")
    ]


def test_inst_marks_of_each_answer_without_the_outer_bos_and_eos(tmp_path: Path) -> None:
    """Only the first BOS and the last EOS go: those between the turns are the template's."""
    template = load_chat_template(save_tokenizer(tmp_path / "t", INST))

    assert records(template, TWO_TURNS, "each") == [
        ("[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHello [/INST]", " Hi. "),
        (
            "[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHello [/INST] Hi. </s><s>[INST] Bye [/INST]",
            " Goodbye. ",
        ),
    ]


def test_a_bos_that_the_tokenizer_does_not_add_stays(tmp_path: Path) -> None:
    """Where the trainer adds no BOS, the template's own is the only one."""
    template = load_chat_template(save_tokenizer(tmp_path / "t", INST, adds_bos=False))

    assert records(template, [USER, ANSWER]) == [("<s>[INST] Hello [/INST]", " Hi. ")]


@pytest.mark.parametrize("adds_bos", [True, False])
def test_training_sees_the_tokens_of_the_template(tmp_path: Path, adds_bos: bool) -> None:
    """Prompt and completion, tokenised for training, are the ids of the whole rendered chat."""
    name = save_tokenizer(tmp_path / "t", INST, adds_bos=adds_bos)
    tokenizer = load_tokenizer(name)
    whole = tokenizer.transformers_tokenizer.apply_chat_template(TWO_TURNS, tokenize=False)

    (pair,) = records(load_chat_template(name), TWO_TURNS)
    (sequence,) = tokenize(Record(*pair), TrainingFormat(PromptFormat(separator="")), tokenizer)

    assert tokenizer.encode(whole) == sequence.input_ids


def test_tools_calls_and_results(tmp_path: Path) -> None:
    """Arguments reach the template as an object, so it writes them in its own way."""
    name = save_tokenizer(tmp_path / "t", CHATML_TOOLS, eos_token="<|im_end|>", adds_bos=False)
    result = {"role": "tool", "tool_call_id": "c1", "content": "04:12"}

    called, told = records(
        load_chat_template(name), [USER, CALL, result, ANSWER], "each", tools=TOOLS
    )

    call = '\n<tool_call>\n{"name": "tide", "arguments": {"port": "W"}}\n</tool_call>'
    head = (
        f"<|im_start|>system\n<tools>\n{json.dumps(TOOLS[0])}\n</tools><|im_end|>\n"
        "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n"
    )
    assert called == (head, call)
    assert told == (
        f"{head}{call}<|im_end|>\n<|im_start|>tool\n04:12<|im_end|>\n<|im_start|>assistant\n",
        "Hi.",
    )


def test_a_template_that_takes_arguments_for_text(tmp_path: Path) -> None:
    """It is given them as JSON text."""
    template = load_chat_template(save_tokenizer(tmp_path / "t", TEXT_ARGUMENTS))

    assert records(template, [USER, CALL]) == [
        ("user: Hello\nassistant: ", 'tide({"port": "W"})\n')
    ]


@pytest.mark.parametrize(
    ("source", "messages", "row", "message"),
    [
        (INST, [USER, USER, ANSWER], {}, "message 2: the chat template refuses .*must alternate"),
        (INST, [USER, CALL], {}, "message 2: .* leaves out the name of a tool call"),
        (CHATML, [USER, ANSWER], {"tools": TOOLS}, "^the chat template leaves out the row's tools"),
        (
            CHATML,
            [{**USER, "name": "Ada"}, ANSWER],
            {},
            "message 1: the chat template leaves out its 'name'",
        ),
        # the very text stands elsewhere, and yet the template does not show it
        (
            WITHOUT_SYSTEM,
            [{"role": "system", "content": "He"}, USER, ANSWER],
            {},
            "message 1: the chat template leaves out its content",
        ),
        (THINKING, [USER, ANSWER], {}, "message 2: the chat template writes what stands before"),
        ("{{ messages[0].role + 1 }}", [USER, ANSWER], {}, "the chat template refuses"),
        ("{{ messages[0].content }}", [USER, ANSWER], {}, "message 2: .* leaves out its content"),
    ],
)
def test_what_a_template_cannot_render_is_named(
    source: str,
    messages: list[dict[str, Any]],
    row: dict[str, Any],
    message: str,
    tmp_path: Path,
) -> None:
    """A template that refuses, loses or rewrites a part of the chat never does so silently."""
    template = load_chat_template(save_tokenizer(tmp_path / "t", source))

    with pytest.raises(RowError, match=message) as caught:
        records(template, messages, **row)
    assert "--chat-template plain" in str(caught.value)


def test_what_a_template_takes_out_of_a_text_is_its_own_affair(tmp_path: Path) -> None:
    """Templates of reasoning models drop earlier thoughts: the message is shown, if shorter."""
    source = "{% for m in messages %}{{ m.content.split('</think>')[-1] }}|{% endfor %}"
    template = load_chat_template(save_tokenizer(tmp_path / "t", source))
    thought = {"role": "assistant", "content": "<think>Hm.</think>Hi."}

    assert records(template, [USER, thought, USER, ANSWER]) == [("Hello|Hi.|Hello|", "Hi.|")]


def test_a_part_left_out_is_named_in_every_row_of_that_form(tmp_path: Path) -> None:
    """What is remembered of a form holds for the rows that have it, and for no other."""
    template = load_chat_template(save_tokenizer(tmp_path / "t", WITHOUT_SYSTEM))
    blank, system = ({"role": "system", "content": content} for content in (" ", "Be brief."))

    assert records(template, [blank, USER, ANSWER]) == [("user: Hello\nassistant: ", "Hi.\n")]
    for _ in range(2):
        with pytest.raises(RowError, match="message 1: the chat template leaves out"):
            records(template, [system, USER, ANSWER])
    assert records(template, [USER, USER, ANSWER]) == [
        ("user: Hello\nuser: Hello\nassistant: ", "Hi.\n")
    ]


@pytest.mark.parametrize(
    ("messages", "row", "part"),
    [
        ([USER, CALL], {}, "the arguments of a tool call"),
        ([{**USER, "name": "Ada"}, CALL_WITHOUT_ARGUMENTS], {}, "its 'name'"),
        ([USER, CALL_WITHOUT_ARGUMENTS], {"tools": TOOLS}, "the row's tools"),
        (
            [USER, {**CALL, "tool_calls": CALL["tool_calls"] * 2}, ANSWER],
            {},
            "the arguments of a tool call",
        ),
    ],
)
def test_a_form_is_all_that_a_template_may_leave_out(
    messages: list[dict[str, Any]], row: dict[str, Any], part: str, tmp_path: Path
) -> None:
    """That a plainer chat came out whole says nothing of one with more to it."""
    template = load_chat_template(save_tokenizer(tmp_path / "t", NAMES_OF_CALLS))

    assert records(template, [USER, CALL_WITHOUT_ARGUMENTS]) == [
        ("user: Hello|", "assistant: tide|")
    ]
    with pytest.raises(RowError, match=f"the chat template leaves out {part}"):
        records(template, messages, **row)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (None, "it has none"),
        ("{% for %}", "Expected"),
        ({"rag": CHATML, "tool_use": CHATML}, "multiple chat templates"),
    ],
)
def test_a_tokenizer_without_a_template_of_use_is_refused(
    source: str | dict[str, str] | None, reason: str, tmp_path: Path
) -> None:
    """Before the first row, with what to do instead."""
    name = save_tokenizer(tmp_path / "t", source)

    with pytest.raises(InputError, match=f"no chat template that can be used: .*{reason}") as error:
        load_chat_template(name)
    assert str(error.value).startswith(f"{name}: ")
    assert "--chat-template plain" in str(error.value)


def test_a_template_cannot_reach_out_of_its_sandbox(tmp_path: Path) -> None:
    """A template from the hub is a program: what it may not do is an error of the row."""
    source = "{{ messages.__class__.__mro__[1].__subclasses__() }}"
    template = load_chat_template(save_tokenizer(tmp_path / "t", source))

    with pytest.raises(RowError, match="refuses"):
        records(template, [USER, ANSWER])


def test_plain_is_the_plain_template() -> None:
    """The name needs no tokenizer."""
    assert PlainTemplate() == load_chat_template("plain")


def test_a_name_that_is_no_tokenizer(tmp_path: Path) -> None:
    """A folder that is not there is named."""
    with pytest.raises(InputError, match="no such file or folder"):
        load_chat_template(str(tmp_path / "absent"))

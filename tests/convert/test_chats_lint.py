"""What the shapes of chats make, lint passes: no error, whatever the template."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from chat_tokenizers import CHATML, CHATML_TOOLS, INST, ZEPHYR, save_tokenizer

from dataset_tools.convert.chat.template import ChatTemplate, PlainTemplate, load_chat_template
from dataset_tools.convert.shapes import ShapeChoices
from dataset_tools.convert.shapes.openai_messages import OpenAIMessages
from dataset_tools.convert.shapes.shape import Turns
from dataset_tools.findings import Severity
from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.rules import RULES
from dataset_tools.sources import SourceFile

ROWS = 200
WORDS = ["river", "bridge", "teacher", "garden", "letter", "engine", "market", "doctor", "lantern"]


def words(rng: Random, most: int = 12) -> str:
    return " ".join(rng.choices(WORDS, k=rng.randint(2, most)))


def question(rng: Random) -> dict[str, Any]:
    return {"role": "user", "content": f"What of the {words(rng)}?" + " " * rng.randrange(2)}


def answer(rng: Random) -> dict[str, Any]:
    return {"role": "assistant", "content": f"It is {words(rng, 30)}."}


def conversation(rng: Random, share_of_several_turns: float, has_tools: bool) -> dict[str, Any]:
    """A chat of one question, or of several, some with a system message or a tool."""
    messages = [{"role": "system", "content": "Be brief."}] if rng.random() < 0.3 else []
    several = rng.random() < share_of_several_turns
    for _ in range(rng.randint(2, 4) if several else 1):
        messages += [question(rng), answer(rng)]
    if not has_tools or rng.random() < 0.5:
        return {"messages": messages}
    call = {"name": "tide", "arguments": json.dumps({"port": words(rng, 3)})}
    called = [
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "function": call}]},
        {"role": "tool", "tool_call_id": "c1", "content": json.dumps({"high": rng.random()})},
    ]
    messages[-1:-1] = called
    return {"messages": messages, "tools": [{"type": "function", "function": {"name": "tide"}}]}


def errors_of(
    template: ChatTemplate, turns: Turns, folder: Path, several: float, has_tools: bool = False
) -> list[tuple[str, str]]:
    rng = Random(f"{turns}{several}{has_tools}")
    shape = OpenAIMessages("messages", ShapeChoices(turns=turns, chat_template=template))
    path = folder / "data.jsonl"
    with path.open("w", encoding="utf-8") as lines:
        for _ in range(ROWS):
            for record in shape.records(conversation(rng, several, has_tools)):
                lines.write(json.dumps(record.as_json_object()) + "\n")
    report = LintReport()
    rules = tuple(rule for rule in RULES.values() if rule.is_default)
    check_source(SourceFile("data.jsonl", path), LintSettings(rules=rules), report)
    return [
        (finding.code, finding.message)
        for finding in report.findings
        if finding.severity is Severity.ERROR
    ]


@pytest.mark.parametrize("turns", ["last", "each"])
@pytest.mark.parametrize("several", [0, 0.05, 0.2, 0.5, 1])
@pytest.mark.parametrize("has_tools", [False, True])
def test_plain_chats_pass(turns: Turns, several: float, has_tools: bool, tmp_path: Path) -> None:
    """One turn or many, system messages and tools, rendered plainly."""
    assert errors_of(PlainTemplate(), turns, tmp_path, several, has_tools) == []


@pytest.mark.train
@pytest.mark.parametrize("turns", ["last", "each"])
@pytest.mark.parametrize("several", [0, 0.05, 0.2, 0.5, 1])
@pytest.mark.parametrize(
    ("source", "eos_token"),
    [(CHATML, "<|im_end|>"), (CHATML, "</s>"), (INST, "</s>"), (ZEPHYR, "</s>")],
    ids=["ChatML", "ChatML with another EOS", "INST", "Zephyr"],
)
def test_chats_of_a_tokenizers_template_pass(
    source: str, eos_token: str, turns: Turns, several: float, tmp_path: Path
) -> None:
    """The signs between the turns are no separators gone astray, few as such rows may be."""
    template = load_chat_template(save_tokenizer(tmp_path / "t", source, eos_token))

    assert errors_of(template, turns, tmp_path, several) == []


@pytest.mark.train
@pytest.mark.parametrize("turns", ["last", "each"])
def test_chats_with_tools_of_a_tokenizers_template_pass(turns: Turns, tmp_path: Path) -> None:
    """Calls and results in a model's own format."""
    name = save_tokenizer(tmp_path / "t", CHATML_TOOLS, "<|im_end|>", adds_bos=False)

    assert errors_of(load_chat_template(name), turns, tmp_path, 0.5, has_tools=True) == []

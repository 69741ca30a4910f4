"""Clean sets of many kinds: the rules about whole sets have nothing to say above info."""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from dataset_tools.findings import Severity
from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.rules import RULES
from dataset_tools.sources import SourceFile

SET_CODES = ("DT110", "DT307", "DT403", "DT405", "DT406", "DT407", "DT408", "DT409")
RECORDS = 300
WORDS = {
    "English": "river bridge teacher garden letter engine market doctor valley lantern harbour ink",
    "Chinese": "河流 桥梁 老师 花园 信件 引擎 市场 医生 山谷 灯笼 港口 墨水",
    "Arabic": "نهر جسر معلم حديقة رسالة محرك سوق طبيب واد فانوس ميناء حبر",
    "Persian": "رودخانه پل آموزگار باغ نامه موتور بازار پزشک دره فانوس بندر می‌روم",
    "Hindi": "नदी पुल शिक्षक बगीचा पत्र इंजन बाज़ार डॉक्टर घाटी लालटेन बंदरगाह स्याही",
    "emoji": "🌊 🌉 👩‍🏫 🌷 ✉️ 🚂 🛒 🩺 ⛰️ 🏮 ⚓ 🖋️",
}
Row = tuple[str | None, str]


def some(language: str, rng: Random, fewest: int, most: int) -> str:
    glue = "" if language == "Chinese" else " "
    return glue.join(rng.choices(WORDS[language].split(), k=rng.randint(fewest, most)))


def questions(rng: Random, number: int) -> Row:
    return f"What does the {some('English', rng, 2, 6)} mean in story {number}?", some(
        "English", rng, 1, 40
    )


def chats(rng: Random, number: int) -> Row:
    turns = "".join(
        f"<|im_start|>{role}\n{some('English', rng, 3, 30)} {number}<|im_end|>\n"
        for role in ("user", "assistant", "user")
    )
    system = "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
    return f"{system}{turns}<|im_start|>assistant\n", some("English", rng, 5, 60)


def chat_texts(rng: Random, number: int) -> Row:
    head = "Below is an instruction that describes a task. Write a response that fits it.\n\n"
    return None, f"{head}### Instruction:\n{some('English', rng, 3, 30)} {number}\n\n### Response:"


def code(rng: Random, number: int) -> Row:
    name, other = rng.choices(WORDS["English"].split(), k=2)
    body = "\n".join(f"    {name} += {other} * {rng.randrange(9999)}" for _ in range(number % 7))
    return (
        f"from typing import Any\n\n\ndef {name}_{number}({other}: int) -> Any:\n",
        f'    """{some("English", rng, 3, 12)}."""\n{body}\n    return {name}\n',
    )


def extraction(rng: Random, number: int) -> Row:
    fields = {"invoice": {"number": number, "customer": {"name": some("English", rng, 1, 2)}}}
    return some("English", rng, 20, 60), " " + json.dumps({"document": {"kind": "bill", **fields}})


def labels(rng: Random, number: int) -> Row:
    return some("English", rng, 10, 40), rng.choices(
        [" positive", " negative", " mixed"], [6, 3, 1]
    )[0]


def grades(rng: Random, number: int) -> Row:
    return some("English", rng, 10, 40), str(rng.choices(range(1, 6), [1, 2, 4, 5, 3])[0])


def titles(rng: Random, number: int) -> Row:
    return "", f"{some('English', rng, 2, 5)} {number}"


def poems(rng: Random, number: int) -> Row:
    return f"A poem on {some('English', rng, 1, 3)}", "\n".join(
        f"{some('English', rng, 4, 6)} {number}," for _ in range(rng.randint(2, 8))
    )


def prose(rng: Random, number: int) -> Row:
    length = round(rng.lognormvariate(4, 0.8))  # as skewed as lengths of documents are
    return None, f"{number} {some('English', rng, length, length + 20)}."


def in_language(language: str) -> Callable[[Random, int], Row]:
    def rows(rng: Random, number: int) -> Row:
        return f"{some(language, rng, 4, 20)} {number}", some(language, rng, 2, 50)

    return rows


KINDS: dict[str, Callable[[Random, int], Row]] = {
    "questions": questions,
    "chats": chats,
    "chat texts": chat_texts,
    "code": code,
    "extraction": extraction,
    "labels": labels,
    "grades": grades,
    "titles": titles,
    "poems": poems,
    "prose": prose,
    **{language: in_language(language) for language in WORDS},
}


def lint(rows: list[Row], folder: Path, **given: object) -> LintReport:
    """All rules of this page, near-duplicates included."""
    path = folder / "data.jsonl"
    objects = [
        {"text": completion} if prompt is None else {"prompt": prompt, "completion": completion}
        for prompt, completion in rows
    ]
    path.write_text("".join(json.dumps(each) + "\n" for each in objects))
    report = LintReport()
    rules = tuple(RULES[code] for code in SET_CODES)
    check_source(SourceFile("data.jsonl", path), LintSettings(rules=rules, **given), report)
    return report


@pytest.mark.parametrize("kind", KINDS)
def test_clean_sets_draw_nothing_above_info(kind: str, tmp_path: Path) -> None:
    """Sound data of this kind, with other such data held out and a prompt like its own."""
    rng = Random(kind)
    rows = [KINDS[kind](rng, number) for number in range(RECORDS)]
    held_out = tmp_path / "validation.jsonl"
    held_out.write_text(
        "".join(
            json.dumps({"prompt": prompt or "", "completion": completion}) + "\n"
            for prompt, completion in (KINDS[kind](rng, RECORDS + each) for each in range(50))
        )
    )

    report = lint(
        rows,
        tmp_path,
        inference_prompt=KINDS[kind](rng, 2 * RECORDS)[0],
        validation_data=(SourceFile("validation.jsonl", held_out),),
    )

    assert [each for each in report.findings if each.severity is not Severity.INFO] == []
    assert len(report.findings) <= RECORDS // 100


def test_extraction_follows_its_schema(tmp_path: Path) -> None:
    """Completions that a program wrote as the schema says draw nothing."""
    rng = Random(1)
    rows = [extraction(rng, number) for number in range(RECORDS)]
    person = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    invoice = {
        "properties": {"number": {"type": "integer"}, "customer": {"$ref": "#/$defs/person"}}
    }
    schema = {
        "$defs": {"person": person},
        "properties": {"document": {"properties": {"invoice": invoice}}},
    }

    assert lint(rows, tmp_path, schema=schema).findings == []

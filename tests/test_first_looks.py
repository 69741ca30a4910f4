"""The first looks of all rules, in data with habits, whose texts are spelt in many ways."""

import json
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from dataset_tools.lines import LineBatch
from dataset_tools.marks import Mark
from dataset_tools.parsing import parse_batch
from dataset_tools.record_batch import RecordBatch
from dataset_tools.rules import RULES, FileContext

PROMPT = "Why is it so, and not otherwise?"
ANSWER = "It is so, as we all know."
SOUND_ROWS = 20  # enough for a habit that some others break
MARKS = st.sampled_from(["", " ->", "\n##\n", "\x1b", "\x7f", "#", "n#", "/", "é→"])
SPACES = st.sampled_from(["", " ", "\n", "\v", "\u00a0"])
ENDS = st.sampled_from(
    ["", "\u00a0", "\u3000", "\u0085 ", "\v", "д\u200bд", "เ\u200bด", "Ã©"]
) | st.text(st.sampled_from(' \n\t\f\u2003\u200b\u200d\x1b\x7fдเ日éÃ©aun0.#->\\/"😀'), max_size=4)
BODIES = st.sampled_from(["", PROMPT, PROMPT, ANSWER, "It is so and"])
TEXTS = st.builds("{}{}{}{}".format, ENDS, BODIES, ENDS, MARKS)


def raw(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def escaped(text: str) -> str:
    """All characters as escapes with capital digits."""
    units = text.encode("utf-16-be").hex().upper()
    return '"' + "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4)) + '"'


def escaped_in_turn(text: str) -> str:
    """Each second character as an escape that few would write."""
    return '"' + "".join(
        (escaped(character) if place % 2 else raw(character))[1:-1]
        for place, character in enumerate(text)
    ).replace("/", "\\/") + '"'  # fmt: skip


SPELLINGS = st.sampled_from([raw, raw, json.dumps, json.dumps, escaped, escaped_in_turn])
Spell = Callable[[str], str]


def batch_of(rows: list[tuple[str, str, Spell]]) -> RecordBatch:
    lines = (
        f'{{"prompt": {spell(prompt)}, "completion": {spell(completion)}}}\n'
        for prompt, completion, spell in rows
    )
    return parse_batch(LineBatch(1, "".join(lines).encode()), "prompt-completion")


@given(
    st.lists(st.tuples(TEXTS, TEXTS, SPELLINGS), min_size=1, max_size=3),
    st.tuples(SPACES, SPACES, SPACES),
    MARKS,
    MARKS,
    st.sampled_from(["flag", "recipe"]),
)
@settings(deadline=None, max_examples=400)
def test_what_breaks_a_habit_is_not_missed(
    odd_rows: list[tuple[str, str, Spell]],
    spaces: tuple[str, str, str],
    separator: str,
    stop: str,
    origin: str,
) -> None:
    """Whatever most texts begin and end with, the first look names each row with a problem."""
    context = FileContext(
        "prompt-completion",
        Mark(separator, origin, 0.9) if separator else None,
        Mark(stop, origin, 0.9) if stop else None,
    )
    before_prompt, before_answer, behind_answer = spaces
    prompt = f"{before_prompt}{PROMPT}{separator}"
    answer = f"{before_answer}{ANSWER}{behind_answer}{stop}"
    sample = batch_of([(prompt, answer, raw)] * SOUND_ROWS)
    batches = [batch_of(odd_rows), batch_of([(prompt, answer, json.dumps), *odd_rows])]

    for rule in (rule(context) for rule in RULES.values()):
        rule.learn(sample)
        for batch in batches:
            suspects = rule.suspects(batch)
            counts = [len(list(rule.check_record(record))) for _, record in batch.records()]
            assert {index for index, count in enumerate(counts) if count} <= set(suspects), (
                rule.code
            )
            assert rule.count_problems(batch, suspects) == sum(counts), rule.code

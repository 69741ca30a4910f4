"""The token rules say of random records exactly what training does with them."""

from collections.abc import Iterable
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_tokenizers import TOY_TOKENIZERS, CharacterTokenizer, WordTokenizer

from dataset_tools.lines import LineBatch
from dataset_tools.marks import Mark
from dataset_tools.packing import Packing
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules import RULES, FileContext
from dataset_tools.rules.rule import RuleInputs
from dataset_tools.rules.token_counts import trained_prompt_format
from dataset_tools.tokens import (
    IGNORED_LABEL,
    ON_TOO_LONG_CHOICES,
    RecordTooLongError,
    TrainingFormat,
    TrainingSequence,
    tokenize,
)

TEXTS = st.text(st.sampled_from("ab #\n"), max_size=12)
MARKS = st.sampled_from(["", "\n", "##", " b"])
WEIGHTS = st.sampled_from([0.0, 0.5, 1.0])
CHUNK_SIZES = st.integers(1, 16)
CODES = ("DT501", "DT502", "DT505")


def batch_of(records: Iterable[Record]) -> RecordBatch:
    batch = RecordBatch(LineBatch(1, b""))
    for number, record in enumerate(records, 1):
        batch.add(number, record)
    return batch


def context_of(
    record_format: str, tokenizer: object, training_format: TrainingFormat
) -> FileContext:
    marks = training_format.prompt_format
    return FileContext(
        record_format,
        Mark(marks.separator, "recipe", 0.0) if marks.separator else None,
        Mark(marks.stop_sequence, "recipe", 0.0) if marks.stop_sequence else None,
        RuleInputs(tokenizer=tokenizer, training_format=training_format),
    )


def trained_tokens(sequences: list[TrainingSequence]) -> int:
    return sum(
        label != IGNORED_LABEL and weight > 0
        for sequence in sequences
        for label, weight in zip(sequence.labels, sequence.loss_weights, strict=True)
    )


def expected_message(
    record: Record, training_format: TrainingFormat, tokenizer: CharacterTokenizer | WordTokenizer
) -> dict[str, str]:
    """By code, what the rule must say, from what `tokenize` makes of the record."""
    roomy = TrainingFormat(training_format.prompt_format, 1000)
    (whole,) = tokenize(record, roomy, tokenizer)
    length = len(whole.input_ids)
    completion = length - whole.completion_start
    never_fits = record.prompt is not None and completion > training_format.chunk_size
    try:
        sequences = tokenize(record, training_format, tokenizer)
    except RecordTooLongError:
        return {"DT502": "refuses it"} if never_fits else {"DT501": "refuses it"}
    if not sequences:
        return {"DT502" if never_fits else "DT501": "it is dropped"}
    expected = {}
    if len(sequences) > 1:
        expected["DT501"] = f"has {length} tokens, chunk_size allows {training_format.chunk_size}: "
        expected["DT501"] += f"the text is split into {len(sequences)} pieces"
    if sequences[0].tokens_cut:
        expected["DT501"] = f"the prompt loses its first {sequences[0].tokens_cut} token"
    if trained_tokens(sequences) == 0:
        expected["DT505"] = "no token of the record carries loss"
    return expected


@given(
    records=st.lists(st.builds(Record, TEXTS, TEXTS, WEIGHTS), min_size=1, max_size=5),
    is_text=st.booleans(),
    tokenizer=st.sampled_from(list(TOY_TOKENIZERS.values())),
    training_format=st.builds(
        TrainingFormat,
        st.builds(PromptFormat, MARKS, MARKS),
        CHUNK_SIZES,
        st.sampled_from(ON_TOO_LONG_CHOICES),
        st.sampled_from([0.0, 0.3, 1.0]),
        st.sampled_from(get_args(Packing)),
    ),
)
@settings(max_examples=500)
def test_rules_agree_with_training(
    records: list[Record],
    is_text: bool,
    tokenizer: CharacterTokenizer | WordTokenizer,
    training_format: TrainingFormat,
) -> None:
    """What training cuts, splits, drops, refuses or learns nothing from, and only that, is told."""
    if is_text:
        records = [Record(None, record.completion, record.weight) for record in records]
    batch = batch_of(records)
    record_format = "text" if is_text else "prompt-completion"
    context = context_of(record_format, tokenizer, training_format)
    expected = [expected_message(record, training_format, tokenizer) for record in records]

    for code in CODES:
        rule = RULES[code](context)
        suspects = list(rule.suspects(batch))
        messages = [[each.message for each in rule.check_record(record)] for record in records]

        told = [index for index, words in enumerate(expected) if code in words]
        assert told == suspects
        assert told == [index for index, found in enumerate(messages) if found]
        assert all(expected[index][code] in messages[index][0] for index in told)


@given(TEXTS, TEXTS, MARKS, MARKS)
def test_a_shared_token_is_one_that_spans_the_boundary(
    prompt: str, completion: str, separator: str, stop: str
) -> None:
    """DT503 fires where a token of both sides together begins on one side and ends on the other."""
    tokenizer = WordTokenizer(unknown_id=None)
    training_format = TrainingFormat(PromptFormat(separator, stop))
    context = context_of("prompt-completion", tokenizer, training_format)
    before = training_format.prompt_format.inference_prompt(prompt)
    after = training_format.prompt_format.bare_completion(completion) + stop
    ends = [0]
    for token in tokenizer.spell(tokenizer.encode(before + after)):
        ends.append(ends[-1] + len(token))

    found = list(RULES["DT503"](context).check_record(Record(prompt, completion)))

    assert (len(before) not in ends) == bool(found)


@pytest.mark.parametrize(
    ("separator", "stop", "expected"),
    [(None, None, PromptFormat("\n", "$")), ("##", "END", PromptFormat("##", "END"))],
)
def test_marks_of_the_file_come_before_those_training_adds(
    separator: str | None, stop: str | None, expected: PromptFormat
) -> None:
    """Inferred or given marks are counted; where there are none, what training puts there is."""
    context = FileContext(
        "prompt-completion",
        separator and Mark(separator, "inferred", 1.0),
        stop and Mark(stop, "inferred", 1.0),
        RuleInputs(training_format=TrainingFormat(PromptFormat("\n", "$"))),
    )

    assert expected == trained_prompt_format(context)


def test_a_batch_is_tokenised_once_for_all_rules() -> None:
    """Five rules over one batch encode its texts once, whole texts at least."""
    encoded: list[str] = []

    class Counting(CharacterTokenizer):
        def encode(self, text: str) -> list[int]:
            encoded.append(text)
            return super().encode(text)

    context = context_of("text", Counting(), TrainingFormat(chunk_size=8))
    batches = [batch_of([Record(None, "short"), Record(None, text)]) for text in ("abc", "xyz")]

    for batch in batches:
        for rule in [RULES[code](context) for code in sorted(RULES) if code.startswith("DT5")]:
            list(rule.suspects(batch))

    assert encoded == ["short", "abc", "short", "xyz"]

"""The figures of stats worked out record by record, with `tokenize`, lists and fractions."""

import math
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import chain, permutations
from typing import Any

from msgspec.structs import replace
from toy_tokenizers import CharacterTokenizer

from dataset_tools.packing import PACKERS, Packing
from dataset_tools.records import Record
from dataset_tools.stats.settings import StepSettings
from dataset_tools.tokens import (
    IGNORED_LABEL,
    RecordTooLongError,
    TrainingFormat,
    TrainingSequence,
    tokenize,
)

ENDLESS = 10**9


def sequences_of(
    records: Sequence[Record], training_format: TrainingFormat, tokenizer: Any
) -> list[list[TrainingSequence]]:
    """The sequences of each record; of one that training refuses, none."""
    made = []
    for record in records:
        try:
            made.append(tokenize(record, training_format, tokenizer))
        except RecordTooLongError:
            made.append([])
    return made


def too_long(
    records: Sequence[Record], training_format: TrainingFormat, tokenizer: Any
) -> dict[str, int]:
    """How many records each fate befalls."""
    made = sequences_of(records, training_format, tokenizer)
    lost = sum(not sequences for sequences in made)
    refuses = training_format.on_too_long == "error"
    return {
        "truncated": sum(any(each.tokens_cut for each in sequences) for sequences in made),
        "tokens_cut": sum(each.tokens_cut for each in chain(*made)),
        "split": sum(len(sequences) > 1 for sequences in made),
        "dropped": 0 if refuses else lost,
        "refused": lost if refuses else 0,
    }


def loss(sequences: Sequence[TrainingSequence]) -> dict[str, float]:
    """Tokens that carry loss, and the sums of their weights, in fractions until the end."""
    trained = [
        (Fraction(weight), index < sequence.completion_start)
        for sequence in sequences
        for index, (label, weight) in enumerate(
            zip(sequence.labels, sequence.loss_weights, strict=True)
        )
        if label != IGNORED_LABEL and weight > 0
    ]
    tokens = sum(len(sequence.input_ids) for sequence in sequences)
    weights = sum(weight for weight, _ in trained)
    on_prompts = sum(weight for weight, is_prompt in trained if is_prompt)
    return {
        "tokens": len(trained),
        "share": len(trained) / tokens if tokens else 0,
        "weight_share": float(weights / tokens) if tokens else 0,
        "prompt_weight_share": float(on_prompts / weights) if weights else 0,
    }


def packed(
    records: Sequence[Record], training_format: TrainingFormat, tokenizer: Any, packing: Packing
) -> tuple[int, float]:
    """How many packs the trainer makes, and the share of their room that holds tokens."""
    chunk_size = training_format.chunk_size
    packing_so = replace(training_format, packing=packing)
    made = chain(*sequences_of(records, packing_so, tokenizer))
    lengths = [len(sequence.input_ids) for sequence in made]
    packs = len(PACKERS[packing](lengths, chunk_size))
    return packs, sum(lengths) / (packs * chunk_size) if packs else 0


def padded_tokens(lengths: Sequence[int], steps: StepSettings) -> Fraction:
    """The mean, over all orders of an epoch, of the tokens that its padded batches have."""
    totals = []
    for order in permutations(lengths):
        total = 0
        for start in range(0, len(order), steps.step_rows):
            step = list(order[start : start + steps.step_rows])
            count = math.ceil(len(step) / steps.micro_batch_rows)
            for index in range(count, 0, -1):  # divided evenly, the larger ones first
                size = math.ceil(len(step) / index)
                batch, step = step[:size], step[size:]
                multiple = steps.padding_multiple
                total += math.ceil(max(batch) / multiple) * multiple * size
        totals.append(total)
    return Fraction(sum(totals), len(totals))


def percentile(lengths: Sequence[int], percent: int) -> int:
    """The least of the lengths that at least so many percent of them do not exceed."""
    return next(
        length
        for length in sorted(lengths)
        if sum(each <= length for each in lengths) * 100 >= percent * len(lengths)
    )


def estimated_tokens(record: Record, training_format: TrainingFormat) -> tuple[int, int]:
    """A token for every four bytes of each side, or part of four, and EOS."""
    marks = training_format.prompt_format
    completion = marks.bare_completion(record.completion) + marks.stop_sequence
    prompt = "" if record.prompt is None else marks.inference_prompt(record.prompt)
    return math.ceil(len(prompt.encode()) / 4), math.ceil(len(completion.encode()) / 4) + 1


def duplicates(records: Sequence[Record]) -> int:
    """How many records have the texts of an earlier one."""
    counts = Counter((record.prompt, record.completion) for record in records)
    return sum(count - 1 for count in counts.values())


TOKENIZER = CharacterTokenizer()

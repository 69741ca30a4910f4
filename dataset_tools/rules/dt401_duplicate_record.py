"""A record stands in the file more than once."""

import struct
from collections.abc import Iterable, Iterator
from typing import Self

from dataset_tools.findings import Severity
from dataset_tools.parsing import RecordBatch
from dataset_tools.rules.edits import DROPPED_LINE, FixStage
from dataset_tools.rules.hash_log import HashLog, mixed
from dataset_tools.rules.repeats import Digest, Identities, Repeat, Repeats, each_repeat
from dataset_tools.rules.rule import FileContext, Problem, RecordLookup, Rule


class DuplicateRecord(Rule):
    """## What it does

    Reports a record whose texts equal those of an earlier one, and names the first. White space
    and case count; the weight does not.

    ## Why it hurts

    Repeated records weigh more than the others, the model memorises them, and they end up on
    both sides of a split between training and validation.

    ## Example

    The same line twice.

    ## Use instead

    Keep one. To make a record count more, give it a `weight`.

    ## Fix

    `dataset-tools fix` keeps the first and drops the others, whatever further keys they have. One
    with another `weight` than the first is left for you to judge.

    ## Source

    Lee et al., Deduplicating Training Data Makes Language Models Better, arXiv 2107.06499.
    """

    code = "DT401"
    name = "exact duplicate record"
    severity = Severity.WARNING
    fix_stage = FixStage.REPEATS

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.hashes = HashLog()

    def observe(self, batch: RecordBatch) -> None:
        hashes = batch.completion_hashes
        self.hashes.add(mixed(batch.prompt_hashes, hashes) if batch.prompts else hashes)

    def merge(self, later: Self, lines_before: int) -> None:
        self.hashes.merge(later.hashes)

    def conclude(self, records: RecordLookup) -> Iterable[Problem]:
        repeats = Repeats("the record repeats the one in line {first}", DROPPED_LINE)
        for repeat in self._repeats(records):
            repeats.add(repeat, repeat.kind, is_mendable=_may_go(repeat))
        repeats.sort()
        return repeats

    def lines_to_drop(self, records: RecordLookup) -> Iterable[int]:
        return (repeat.line for repeat in self._repeats(records) if _may_go(repeat))

    def _repeats(self, records: RecordLookup) -> Iterator[Repeat]:
        return each_repeat(records, self.hashes, self.hashes.repeated(), _identify)


def _may_go(repeat: Repeat) -> bool:
    """Whether the record counts as much as the first of its kind."""
    return repeat.other == repeat.first_other


def _identify(digest: Digest, batch: RecordBatch, indices: list[int]) -> Identities:
    completions = [batch.completions[index] for index in indices]
    prompts = [batch.prompts[index] for index in indices] if batch.prompts else [""] * len(indices)
    weights = batch.weights
    return Identities(
        kinds=list(map(digest, prompts, completions)),
        others=[_packed(weights.get(index, 1.0)) for index in indices] if weights else [],
    )


def _packed(weight: float) -> bytes:
    return b"" if weight == 1 else struct.pack("d", weight)

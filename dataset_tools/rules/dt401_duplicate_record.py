"""A record stands in the file more than once."""

from collections.abc import Iterable
from typing import Self

from dataset_tools.findings import Severity
from dataset_tools.parsing import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.hash_log import HashLog, mixed
from dataset_tools.rules.repeats import Identity, digest, find_repeats
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

    ## Source

    Lee et al., Deduplicating Training Data Makes Language Models Better, arXiv 2107.06499.
    """

    code = "DT401"
    name = "exact duplicate record"
    severity = Severity.WARNING
    fixable = True

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.hashes = HashLog()

    def observe(self, batch: RecordBatch) -> None:
        hashes = batch.completion_hashes
        self.hashes.add(mixed(batch.prompt_hashes, hashes) if batch.prompts else hashes)

    def merge(self, later: Self, lines_before: int) -> None:
        self.hashes.merge(later.hashes)

    def conclude(self, records: RecordLookup) -> Iterable[Problem]:
        return find_repeats(
            records,
            self.hashes,
            self.hashes.repeated(),
            _identity,
            "the record repeats the one in line {first}",
        )


def _identity(record: Record) -> Identity:
    return digest(record.prompt or "", record.completion), b""

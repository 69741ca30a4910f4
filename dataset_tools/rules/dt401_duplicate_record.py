"""A record stands in the file more than once."""

from array import array
from collections.abc import Iterable
from hashlib import blake2b

from dataset_tools.findings import Severity
from dataset_tools.parsing import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.rule import FileContext, Problem, Rule


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
        self.first_lines: dict[bytes, int] = {}
        self.repeats = array("Q")  # pairs: line, first line

    def observe(self, batch: RecordBatch) -> None:
        first_lines, repeats = self.first_lines, self.repeats
        for number, record in batch.records():
            digest = _digest(record)
            first = first_lines.setdefault(digest, number)
            if first != number:
                repeats.extend((number, first))

    def conclude(self) -> Iterable[Problem]:
        for number, first in zip(self.repeats[::2], self.repeats[1::2], strict=True):
            yield Problem(f"the record repeats the one in line {first}", line=number)


def _digest(record: Record) -> bytes:
    """128 bits of the texts: no two different records of any data set will ever share them."""
    prompt = "" if record.prompt is None else record.prompt
    digest = blake2b(f"{len(prompt)}:{prompt}".encode(), digest_size=16)
    digest.update(record.completion.encode())
    return digest.digest()

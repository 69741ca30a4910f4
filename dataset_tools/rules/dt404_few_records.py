"""The file has fewer than 100 records."""

from collections.abc import Iterable
from typing import Self

from dataset_tools.findings import Severity
from dataset_tools.record_batch import RecordBatch
from dataset_tools.rules.rule import FileContext, Problem, RecordLookup, Rule, RuleOption

FEWEST = RuleOption("min-records", 100, 0, None, "Fewest records of a file that draw no DT404.")


class FewRecords(Rule):
    """## What it does

    Reports a file with fewer than 100 records.

    ## Why it hurts

    So few examples teach little more than their own wording, and a held-out part of them says
    little about quality.

    ## Example

    A file of ten records.

    ## Use instead

    A few hundred good examples at least; each doubling tends to help.

    ## Options

    `--min-records N`, 100 unless given; 0 switches the rule off.

    ## Source

    OpenAI's fine-tuning guide for prompt/completion models: at least a couple hundred examples.
    """

    code = "DT404"
    name = "fewer than 100 records"
    severity = Severity.WARNING
    options = (FEWEST,)

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.count = 0

    def observe(self, batch: RecordBatch) -> None:
        self.count += len(batch)

    def merge(self, later: Self, lines_before: int) -> None:
        self.count += later.count

    def conclude(self, records: RecordLookup) -> Iterable[Problem]:
        fewest = self.context.option(FEWEST)
        if 0 < self.count < fewest:
            noun = "record" if self.count == 1 else "records"
            yield Problem(f"the file has {self.count} {noun}, expected {fewest:g} or more", line=1)

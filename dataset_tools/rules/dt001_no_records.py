"""The file holds no record."""

from collections.abc import Iterable
from typing import Self

from dataset_tools.record_batch import RecordBatch
from dataset_tools.rules.rule import FileContext, Problem, RecordLookup, Rule


class NoRecords(Rule):
    """## What it does

    Reports a file that is empty, or that holds nothing but blank lines.

    ## Why it hurts

    There is nothing to train on. Some trainers run through without a step and save an adapter
    that equals the base model.

    ## Example

    A file of 0 bytes.

    ## Use instead

    ```json
    {"prompt": "The capital of France is", "completion": " Paris"}
    ```

    ## Source

    Axolotl trains zero steps on an empty prepared dataset and exits with 0.
    """

    code = "DT001"
    name = "no records"

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.has_lines = False
        self.has_content = False

    def observe(self, batch: RecordBatch) -> None:
        self.has_lines = True
        if len(batch) or any(not line.is_blank for line in batch.odd_lines):
            self.has_content = True

    def merge(self, later: Self, lines_before: int) -> None:
        self.has_lines |= later.has_lines
        self.has_content |= later.has_content

    def conclude(self, records: RecordLookup) -> Iterable[Problem]:
        if not self.has_content:
            state = "holds only blank lines" if self.has_lines else "is empty"
            yield Problem(f"the file {state}, expected one JSON object a line", line=1)

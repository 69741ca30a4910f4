"""The file has fewer than 100 records."""

from collections.abc import Iterable

from dataset_tools.findings import Severity
from dataset_tools.parsing import RecordBatch
from dataset_tools.rules.rule import FileContext, Problem, Rule

FEWEST_RECORDS = 100


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

    ## Source

    OpenAI's fine-tuning guide for prompt/completion models: at least a couple hundred examples.
    """

    code = "DT404"
    name = "fewer than 100 records"
    severity = Severity.WARNING

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.count = 0

    def observe(self, batch: RecordBatch) -> None:
        self.count += len(batch)

    def conclude(self) -> Iterable[Problem]:
        if 0 < self.count < FEWEST_RECORDS:
            noun = "record" if self.count == 1 else "records"
            yield Problem(
                f"the file has {self.count} {noun}, expected {FEWEST_RECORDS} or more", line=1
            )

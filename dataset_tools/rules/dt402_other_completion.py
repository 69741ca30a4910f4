"""A prompt stands in the file with different completions."""

from collections.abc import Iterable
from typing import Self

from dataset_tools.findings import Severity
from dataset_tools.record_batch import RecordBatch
from dataset_tools.rules.repeats import RepeatProblems
from dataset_tools.rules.rule import FileContext, Problem, RecordLookup, Rule


class OtherCompletion(Rule):
    """## What it does

    Reports a record with the same prompt as an earlier one and another completion, and names the
    first record with that prompt. Blank prompts are left out, and so is a file in which all
    prompts are the same (DT406).

    ## Why it hurts

    In classification and extraction one of the answers is wrong, and the model is pulled both
    ways. Where many answers are right, as in open-ended writing, the finding may be ignored.

    ## Example

    ```json
    {"prompt": "Sentiment: fine, I guess", "completion": " positive"}
    {"prompt": "Sentiment: fine, I guess", "completion": " neutral"}
    ```

    ## Use instead

    Settle on one answer, or add to the prompt what makes the answers differ.

    ## Source

    Northcutt et al., Pervasive Label Errors in Test Sets Destabilize Machine Learning
    Benchmarks, arXiv 2103.14749.
    """

    code = "DT402"
    name = "same prompt, different completions"
    severity = Severity.WARNING
    compares_records = True

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.some_prompts: set[int] = set()  # hashes; enough to tell whether there are two

    def observe(self, batch: RecordBatch) -> None:
        if batch.prompts and len(self.some_prompts) < 2:
            hashes = batch.prompt_hashes
            self.some_prompts.update((int(hashes.min()), int(hashes.max())))

    def merge(self, later: Self, lines_before: int) -> None:
        if len(self.some_prompts) < 2:
            self.some_prompts |= later.some_prompts

    def conclude(self, records: RecordLookup) -> Iterable[Problem]:
        if len(self.some_prompts) < 2:
            return ()  # DT406
        repeats = records.repeats.of_prompts
        return RepeatProblems("another completion for the prompt in line {first}", repeats)

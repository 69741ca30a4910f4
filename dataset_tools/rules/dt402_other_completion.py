"""A prompt stands in the file with different completions."""

from collections.abc import Iterable
from functools import partial
from typing import Self

from dataset_tools.findings import Severity
from dataset_tools.parsing import RecordBatch
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.rules.hash_log import HashLog, with_different
from dataset_tools.rules.repeats import Digest, Identities, find_repeats
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

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.prompts = HashLog()
        self.completions = HashLog()
        self.some_prompts: set[int] = set()  # enough of them to tell whether there are two

    def observe(self, batch: RecordBatch) -> None:
        if batch.prompts:
            self.prompts.add(batch.prompt_hashes)
            self.completions.add(batch.completion_hashes)
            if len(self.some_prompts) < 2:
                hashes = batch.prompt_hashes
                self.some_prompts.update((int(hashes.min()), int(hashes.max())))

    def merge(self, later: Self, lines_before: int) -> None:
        self.prompts.merge(later.prompts)
        self.completions.merge(later.completions)
        if len(self.some_prompts) < 2:
            self.some_prompts |= later.some_prompts

    def conclude(self, records: RecordLookup) -> Iterable[Problem]:
        if len(self.some_prompts) < 2:
            return ()  # DT406
        prompt_format = self.context.prompt_format
        blank = {hash(""), hash(prompt_format.separator)}
        repeated = self.prompts.repeated()
        return find_repeats(
            records,
            self.prompts,
            with_different(self.prompts, self.completions, repeated, blank),
            partial(_identify, prompt_format),
            "another completion for the prompt in line {first}",
        )


def _identify(
    prompt_format: PromptFormat, digest: Digest, batch: RecordBatch, indices: list[int]
) -> Identities:
    prompts = (batch.prompts[index] for index in indices)
    return Identities(
        kinds=[
            digest(each, "") if prompt_format.bare_prompt(each).strip() else b"" for each in prompts
        ],
        others=[digest(batch.completions[index], "") for index in indices],
    )

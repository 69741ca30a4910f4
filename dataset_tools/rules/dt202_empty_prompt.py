"""A prompt is empty."""

from collections.abc import Collection, Iterable

from dataset_tools.findings import Severity
from dataset_tools.marks import FEWEST_CARRIERS
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.rule import FileContext, Problem, Rule
from dataset_tools.rules.text_edges import edges_of


class EmptyPrompt(Rule):
    """## What it does

    Reports a prompt that holds nothing, or nothing but white space and the separator.
    Where all prompts are so (of three or more), the file is one for open-ended generation, and
    nothing is reported.

    ## Why it hurts

    The model learns to write this completion from nothing. That is right for open-ended
    generation, and a slip everywhere else.

    ## Example

    ```json
    {"prompt": "", "completion": " Paris"}
    ```

    ## Use instead

    Fill in the prompt; for open-ended generation use text records:

    ```json
    {"text": "Paris is the capital of France."}
    ```

    ## Source

    OpenAI's fine-tuning guide: open-ended generation is the one use of empty prompts.
    """

    code = "DT202"
    name = "empty prompt"
    severity = Severity.WARNING

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.is_open_ended = False

    def learn(self, sample: RecordBatch) -> None:
        self.is_open_ended = len(sample.prompts) >= FEWEST_CARRIERS and not any(
            self._holds_something(prompt) for prompt in sample.prompts
        )

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        if self.is_open_ended or not batch.prompts:
            return ()
        mark = self.context.prompt_format.separator
        return [
            index
            for index in edges_of(batch).may_be_blank("prompt", mark)
            if not batch.prompts[index].removesuffix(mark).strip()
        ]

    def check_record(self, record: Record) -> Iterable[Problem]:
        prompt = record.prompt
        if self.is_open_ended or prompt is None:
            return
        if not self._holds_something(prompt):
            state = "empty" if not prompt else "blank"
            yield Problem(f"the prompt is {state}", key="prompt")

    def _holds_something(self, prompt: str) -> bool:
        return bool(self.context.prompt_format.bare_prompt(prompt).strip())

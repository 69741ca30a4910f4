"""A prompt is empty."""

from collections.abc import Collection, Iterable

from dataset_tools.findings import Severity
from dataset_tools.parsing import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.rule import Problem, Rule
from dataset_tools.rules.text_edges import edges_of


class EmptyPrompt(Rule):
    """## What it does

    Reports a prompt that holds nothing, or nothing but white space and the separator.

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

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        if not batch.prompts:
            return ()
        mark = self.context.prompt_format.separator
        return [
            index
            for index in edges_of(batch).may_be_blank("prompt", mark)
            if not batch.prompts[index].removesuffix(mark).strip()
        ]

    def check_record(self, record: Record) -> Iterable[Problem]:
        prompt = record.prompt
        if prompt is not None and not self.context.prompt_format.bare_prompt(prompt).strip():
            state = "empty" if not prompt else "blank"
            yield Problem(f"the prompt is {state}", key="prompt")

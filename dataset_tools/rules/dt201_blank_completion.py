"""A completion or text is empty or blank."""

from collections.abc import Collection, Iterable

from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.rule import Problem, Rule
from dataset_tools.rules.text_edges import edges_of


class BlankCompletion(Rule):
    r"""## What it does

    Reports a completion or a text that holds nothing, or nothing but white space and the stop
    sequence.

    ## Why it hurts

    The record teaches the model to answer with nothing. A file in which every completion is
    empty trains to a model that says nothing at all.

    ## Example

    ```json
    {"prompt": "Is the sky blue?", "completion": ""}
    ```

    ## Use instead

    Fill in the answer, or drop the record.

    ## Source

    Replicate's and OpenAI's fine-tuning guides: the completion is what the model is to write.
    """

    code = "DT201"
    name = "empty or blank completion"

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        mark = self.context.prompt_format.stop_sequence
        return [
            index
            for index in edges_of(batch).may_be_blank("completion", mark)
            if not batch.completions[index].removesuffix(mark).strip()
        ]

    def check_record(self, record: Record) -> Iterable[Problem]:
        if not self.context.prompt_format.bare_completion(record.completion).strip():
            state = "empty" if not record.completion else "blank"
            yield Problem(f"the {record.target_key} is {state}", key=record.target_key)

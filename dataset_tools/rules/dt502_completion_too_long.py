"""A completion alone is longer than chunk_size tokens."""

from collections.abc import Collection, Iterable

from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.rule import Problem, Rule, indices_where
from dataset_tools.rules.token_counts import TokenCount, count_batch, count_record


class CompletionTooLong(Rule):
    """## What it does

    Reports a completion that has more tokens than `chunk_size` allows, stop sequence and EOS
    included, so that cutting the prompt cannot help.

    ## Why it hurts

    A completion that is cut teaches the model to stop in the middle or never to stop, so training
    drops the whole record: the longest answers, often the ones that took most work, are missing.

    ## Example

    With `chunk_size: 2048`, a completion of 3,000 tokens.

    ## Use instead

    Raise `chunk_size` if model and memory allow it, or split the answer over several records.

    ## Options

    `--tokenizer`, without which nothing is counted; `--chunk-size`, or `chunk_size` in a recipe.

    ## Source

    How this project's plugin cuts is in `dataset_tools.tokens`.
    """

    code = "DT502"
    name = "completion alone longer than chunk_size tokens"
    suspects_are_problems = True

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        if self.context.inputs.tokenizer is None or not batch.prompts:
            return ()
        return indices_where(map(self._overflows, count_batch(batch, self.context).counts))

    def check_record(self, record: Record) -> Iterable[Problem]:
        if self.context.inputs.tokenizer is None or record.prompt is None:
            return
        count = count_record(record, self.context)
        if self._overflows(count):
            training_format = self.context.inputs.training_format
            refused = training_format.on_too_long == "error"
            fate = "training refuses it (on_too_long: error)" if refused else "it is dropped"
            yield Problem(
                f"the completion alone has {count.completion} tokens with EOS, chunk_size allows "
                f"{training_format.chunk_size}: {fate}",
                key="completion",
            )

    def _overflows(self, count: TokenCount) -> bool:
        return count.completion_overflows(self.context.inputs.training_format.longest_sequence)

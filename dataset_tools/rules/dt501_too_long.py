"""A record is longer than chunk_size tokens."""

from collections.abc import Collection, Iterable

from dataset_tools.findings import Severity
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.rule import Problem, Rule, indices_where
from dataset_tools.rules.token_counts import TokenCount, count_batch, count_record


class TooLong(Rule):
    """## What it does

    Reports a record with more tokens than `chunk_size` allows, and what training does with it:
    the prompt loses its beginning, a text is split, or, with `on_too_long`, the record is dropped
    or ends the run. Every record is counted with the model's own tokenizer, BOS and EOS included.
    A completion that does not fit by itself is DT502. With `wrap_packed_sequences` no record is
    too long: it runs on into the next chunk.

    ## Why it hurts

    What is cut from a prompt is its beginning, where instructions usually stand; the model is
    then trained to answer without them. A text that is split goes on without what came before.

    ## Example

    With `chunk_size: 2048`, a prompt of 2,000 tokens and a completion of 100.

    ## Use instead

    Raise `chunk_size` if model and memory allow it, shorten the prompt, or split the record.

    ## Options

    `--tokenizer`, without which nothing is counted; `--chunk-size`, or `chunk_size` and
    `on_too_long` in a recipe.

    ## Source

    Axolotl cuts or drops what is longer than `sequence_len` (its `excess_length_strategy`); how
    this project's plugin cuts is in `dataset_tools.tokens`.
    """

    code = "DT501"
    name = "longer than chunk_size tokens"
    severity = Severity.WARNING
    suspects_are_problems = True

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        if self.context.inputs.tokenizer is None:
            return ()
        return indices_where(map(self._is_too_long, count_batch(batch, self.context).counts))

    def check_record(self, record: Record) -> Iterable[Problem]:
        if self.context.inputs.tokenizer is None:
            return
        count = count_record(record, self.context)
        if self._is_too_long(count):
            chunk_size = self.context.inputs.training_format.chunk_size
            yield Problem(
                f"the record has {count.total} tokens, chunk_size allows {chunk_size}: "
                f"{self._fate(count)}",
                key=record.target_key if count.is_text else "prompt",
            )

    def _is_too_long(self, count: TokenCount) -> bool:
        chunk_size = self.context.inputs.training_format.longest_sequence
        return count.total > chunk_size and not count.completion_overflows(chunk_size)

    def _fate(self, count: TokenCount) -> str:
        training_format = self.context.inputs.training_format
        chunk_size = training_format.chunk_size
        if training_format.on_too_long == "error":
            return "training refuses it (on_too_long: error)"
        if training_format.on_too_long == "drop":
            return "it is dropped (on_too_long: drop)"
        if count.is_text:
            return f"the text is split into {-(-count.total // chunk_size)} pieces"
        cut = count.total - chunk_size
        return f"the prompt loses its first {cut} {'token' if cut == 1 else 'tokens'}"

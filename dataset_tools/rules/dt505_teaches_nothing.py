"""No token of a record carries loss."""

from collections.abc import Collection, Iterable

from dataset_tools.findings import Severity
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.rule import Problem, Rule, indices_where
from dataset_tools.rules.token_counts import TokenCount, count_batch, count_record


class TeachesNothing(Rule):
    """## What it does

    Reports a record of which no token is trained: its weight is 0, or it is a lone EOS, and a
    sequence's first token is never a target. A record that is dropped for its length is DT501 or
    DT502.

    ## Why it hurts

    The record takes its share of time and memory and teaches nothing. A batch of such records has
    no loss at all, which some trainers turn into NaN.

    ## Example

    ```json
    {"prompt": "2 + 2 =", "completion": " 4", "weight": 0}
    ```

    ## Use instead

    Drop the record, or give it a weight above 0.

    ## Options

    `--tokenizer`, without which nothing is counted.

    ## Source

    A weighted mean over no weight is 0 / 0: `torch.nn.CrossEntropyLoss` gives NaN where all
    targets are ignored.
    """

    code = "DT505"
    name = "record teaches nothing"
    severity = Severity.WARNING
    suspects_are_problems = True

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        if self.context.inputs.tokenizer is None:
            return ()
        counts = count_batch(batch, self.context).counts
        weights = batch.weights
        return indices_where(
            self._teaches_nothing(count, weights.get(index, 1.0))
            for index, count in enumerate(counts)
        )

    def check_record(self, record: Record) -> Iterable[Problem]:
        if self.context.inputs.tokenizer is None:
            return
        count = count_record(record, self.context)
        if not self._teaches_nothing(count, record.weight):
            return
        if record.weight == 0:
            yield Problem("no token of the record carries loss: its weight is 0", key="weight")
        else:
            yield Problem(
                "no token of the record carries loss: a sequence of one token has no target",
                key=record.target_key,
            )

    def _teaches_nothing(self, count: TokenCount, weight: float) -> bool:
        training_format = self.context.inputs.training_format
        if weight != 0 and min(count.total, training_format.longest_sequence) > 1:
            return False
        return not count.is_dropped(training_format)

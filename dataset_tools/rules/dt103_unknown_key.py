"""An object has a key that nothing reads."""

from collections.abc import Collection, Iterable

from dataset_tools.findings import Severity
from dataset_tools.quotes import quotable
from dataset_tools.record_batch import OddLine, RecordBatch
from dataset_tools.records import REQUIRED_KEYS, Record, format_of_keys
from dataset_tools.rules.line_members import members_by_key
from dataset_tools.rules.rule import START_OF_KEY, Problem, Rule


class UnknownKey(Rule):
    """## What it does

    Reports a key other than the format's own and `weight`. Its value is ignored in training.

    ## Why it hurts

    What stands under that key is not learned, and a misspelt key is easily overlooked.

    ## Example

    ```json
    {"prompt": "2 + 2 =", "completion": " 4", "source": "arithmetic"}
    ```

    ## Use instead

    Drop the key, or fold what it holds into the prompt.

    ## Source

    The record formats of Replicate's and OpenAI's fine-tuning guides.
    """

    code = "DT103"
    name = "unknown key"
    severity = Severity.WARNING

    def check_line(self, line: OddLine) -> Iterable[Problem]:
        if line.record is not None:
            return
        members = members_by_key(line) or {}
        if format_of_keys(members) not in (self.context.record_format, None):
            return  # DT105
        known = {*REQUIRED_KEYS[self.context.record_format], "weight"}
        for key in members:
            if key not in known and key.lower() not in known:  # DT108 has those
                yield _problem(key)

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        return batch.ignored_keys

    def check_record(self, record: Record) -> Iterable[Problem]:
        return map(_problem, record.ignored_keys)

    def count_problems(self, batch: RecordBatch, suspects: Collection[int]) -> int:
        return sum(map(len, batch.ignored_keys.values()))


def _problem(key: str) -> Problem:
    message = f"unknown key '{quotable(key)}' is ignored in training"
    return Problem(message, key=key, offset=START_OF_KEY)

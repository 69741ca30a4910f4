"""A record is not in the file's format."""

from collections.abc import Iterable

from dataset_tools.record_batch import OddLine
from dataset_tools.records import format_of_keys
from dataset_tools.rules.line_members import members_by_key
from dataset_tools.rules.rule import Problem, Rule


class OtherFormat(Rule):
    """## What it does

    Reports a text record in a file of prompt/completion records, or the other way round. The
    file's format is the one that most of its records have.

    ## Why it hurts

    Trainers choose how to read a file by its first rows; records of the other format come out
    empty or end the run.

    ## Example

    ```json
    {"prompt": "2 + 2 =", "completion": " 4"}
    {"text": "3 + 3 = 6"}
    ```

    ## Use instead

    One format a file: split the file in two, or convert the odd records.

    ## Source

    Replicate's fine-tuning guide: the data is in one format or the other.
    """

    code = "DT105"
    name = "record format differs from the file's"

    def check_line(self, line: OddLine) -> Iterable[Problem]:
        found = format_of_keys(members_by_key(line) or {})
        expected = self.context.record_format
        if found not in (expected, None):
            yield Problem(f"{found} record in a file of {expected} records")

"""A value that must be a string is something else."""

from collections.abc import Iterable

from dataset_tools.json_scanner import type_name
from dataset_tools.record_batch import OddLine
from dataset_tools.records import REQUIRED_KEYS, format_of_keys
from dataset_tools.rules.line_members import has_constant_at, members_by_key
from dataset_tools.rules.rule import Problem, Rule


class NotAString(Rule):
    """## What it does

    Reports a `prompt`, `completion` or `text` that is not a string: a number, `null`, a list.

    ## Why it hurts

    Some trainers abort; others train on Python's spelling of the value (`None`, `['a']`).

    ## Example

    ```json
    {"prompt": "2 + 2 =", "completion": 4}
    ```

    ## Use instead

    ```json
    {"prompt": "2 + 2 =", "completion": "4"}
    ```

    ## Source

    The record formats of Replicate's and OpenAI's fine-tuning guides.
    """

    code = "DT102"
    name = "value is not a string"

    def check_line(self, line: OddLine) -> Iterable[Problem]:
        members = members_by_key(line) or {}
        if format_of_keys(members) != self.context.record_format:
            return
        for key in REQUIRED_KEYS[self.context.record_format]:
            member = members.get(key)
            if member is None or has_constant_at(line, member.value_at):  # DT106 has those
                continue
            if not isinstance(member.value, str):
                yield Problem(
                    f"the value of '{key}' is {type_name(member.value)}, expected a string",
                    column=member.value_at + 1,
                )

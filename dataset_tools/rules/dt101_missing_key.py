"""A required key is missing."""

from collections.abc import Collection, Iterable
from itertools import islice

from dataset_tools.parsing import OddLine
from dataset_tools.printable import elided
from dataset_tools.records import REQUIRED_KEYS, format_of_keys
from dataset_tools.rules.line_members import members_by_key
from dataset_tools.rules.rule import Problem, Rule

_KEYS_SHOWN = 5


class MissingKey(Rule):
    """## What it does

    Reports an object that lacks a key its format requires: `prompt` and `completion`, or `text`.

    ## Why it hurts

    Some trainers abort, others train on the word `None`.

    ## Example

    ```json
    {"prompt": "2 + 2 ="}
    ```

    ## Use instead

    ```json
    {"prompt": "2 + 2 =", "completion": " 4"}
    ```

    ## Source

    The record formats of Replicate's and OpenAI's fine-tuning guides.
    """

    code = "DT101"
    name = "required key missing"

    def check_line(self, line: OddLine) -> Iterable[Problem]:
        members = members_by_key(line)
        if members is None:
            return
        wanted = self.context.record_format
        if format_of_keys(members) not in (wanted, None):
            return  # DT105: the line is of the other format
        spelt_otherwise = {key.lower() for key in members if key not in REQUIRED_KEYS[wanted]}
        for key in REQUIRED_KEYS[wanted]:
            if key not in members and key not in spelt_otherwise:  # else DT108
                yield Problem(f"required key '{key}' is missing, found {_named(members)}")


def _named(keys: Collection[str]) -> str:
    """The first keys, quoted, and how many more there are."""
    shown = ", ".join(f"'{elided(key)}'" for key in islice(keys, _KEYS_SHOWN)) or "no key"
    return shown if len(keys) <= _KEYS_SHOWN else f"{shown} and {len(keys) - _KEYS_SHOWN} more"

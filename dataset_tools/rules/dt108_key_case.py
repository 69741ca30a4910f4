"""A key differs from the expected one only in case."""

from collections.abc import Iterable

from dataset_tools.parsing import OddLine
from dataset_tools.records import KNOWN_KEYS
from dataset_tools.rules.line_members import members_by_key
from dataset_tools.rules.rule import Problem, Rule


class KeyCase(Rule):
    """## What it does

    Reports a key such as `Prompt` or `COMPLETION`.

    ## Why it hurts

    Keys are compared exactly, so the record lacks the key for every trainer.

    ## Example

    ```json
    {"Prompt": "2 + 2 =", "Completion": " 4"}
    ```

    ## Use instead

    ```json
    {"prompt": "2 + 2 =", "completion": " 4"}
    ```

    ## Source

    RFC 8259, section 8.3: names are compared code unit by code unit.
    """

    code = "DT108"
    name = "key differs only in case"
    fixable = True

    def check_line(self, line: OddLine) -> Iterable[Problem]:
        for key, member in (members_by_key(line) or {}).items():
            if key not in KNOWN_KEYS and key.lower() in KNOWN_KEYS:
                yield Problem(
                    f"key '{key}' differs only in case from '{key.lower()}'",
                    column=member.key_at + 1,
                )

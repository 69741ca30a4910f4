"""An object has a key that nothing reads."""

from collections.abc import Iterable

from dataset_tools.findings import Severity
from dataset_tools.parsing import OddLine
from dataset_tools.printable import elided
from dataset_tools.records import REQUIRED_KEYS, format_of_keys
from dataset_tools.rules.line_members import members_by_key
from dataset_tools.rules.rule import Problem, Rule


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
        members = members_by_key(line) or {}
        if format_of_keys(members) not in (self.context.record_format, None):
            return  # DT105
        known = {*REQUIRED_KEYS[self.context.record_format], "weight"}
        for key, member in members.items():
            if key not in known and key.lower() not in known:  # DT108 has those
                yield Problem(
                    f"unknown key '{elided(key)}' is ignored in training",
                    column=member.key_at + 1,
                )

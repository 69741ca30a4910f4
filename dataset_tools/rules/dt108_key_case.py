"""A key differs from the expected one only in case."""

from collections.abc import Iterable

from dataset_tools.record_batch import OddLine
from dataset_tools.records import KNOWN_KEYS, REQUIRED_KEYS
from dataset_tools.rules.edits import FixStage, RenamedKey
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

    ## Fix

    `dataset-tools fix` writes the key in lower case, where it stands. It leaves a key that the
    object would then have twice, and one that belongs to the other format than the file's.

    ## Source

    RFC 8259, section 8.3: names are compared code unit by code unit.
    """

    code = "DT108"
    name = "key differs only in case"
    fix_stage = FixStage.LINES

    def check_line(self, line: OddLine) -> Iterable[Problem]:
        for key, member in (members_by_key(line) or {}).items():
            if key not in KNOWN_KEYS and key.lower() in KNOWN_KEYS:
                yield Problem(
                    f"key '{key}' differs only in case from '{key.lower()}'",
                    column=member.key_at + 1,
                    edit=self._edit(line, key),
                )

    def _edit(self, line: OddLine, key: str) -> RenamedKey | None:
        """The key in lower case, unless the object has it already, or it is the other format's."""
        new_key = key.lower()
        keys = [member.key.lower() for member in line.scan.members] if line.scan else []
        is_wanted = new_key in (*REQUIRED_KEYS[self.context.record_format], "weight")
        return RenamedKey(key, new_key) if is_wanted and keys.count(new_key) == 1 else None

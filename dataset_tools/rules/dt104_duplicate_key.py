"""An object has the same key twice."""

from collections.abc import Iterable

from dataset_tools.quotes import quotable
from dataset_tools.record_batch import OddLine
from dataset_tools.rules.rule import Problem, Rule


class DuplicateKey(Rule):
    """## What it does

    Reports a key that stands twice in one object, at its second place.

    ## Why it hurts

    Nearly every reader keeps the last value without a word, so half of the record is lost.

    ## Example

    ```json
    {"prompt": "2 + 2 =", "prompt": "3 + 3 =", "completion": " 6"}
    ```

    ## Use instead

    One record for each prompt, or both texts in one string.

    ## Source

    RFC 8259, section 4: names within an object should be unique.
    """

    code = "DT104"
    name = "duplicate key"

    def check_line(self, line: OddLine) -> Iterable[Problem]:
        if line.scan is not None:
            for key in line.scan.duplicate_keys:
                yield Problem(
                    f"key '{quotable(key.what)}' stands twice in one object, expected once",
                    column=key.at + 1,
                )

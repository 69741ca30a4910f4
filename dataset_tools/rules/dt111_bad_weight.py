"""A record's weight is not a finite number >= 0."""

import sys
from collections.abc import Iterable

from dataset_tools.json_scanner import type_name
from dataset_tools.printable import elided
from dataset_tools.record_batch import OddLine
from dataset_tools.records import is_valid_weight
from dataset_tools.rules.line_members import has_constant_at, members_by_key
from dataset_tools.rules.rule import Problem, Rule


class BadWeight(Rule):
    """## What it does

    Reports a `weight` that is not a finite number of 0 or more.

    ## Why it hurts

    The weight scales the record's loss. A negative one teaches the model to avoid the record
    without bound; a string or `null` ends the run.

    ## Example

    ```json
    {"prompt": "2 + 2 =", "completion": " 4", "weight": "high"}
    ```

    ## Use instead

    ```json
    {"prompt": "2 + 2 =", "completion": " 4", "weight": 2.0}
    ```

    ## Source

    A weighted mean needs weights >= 0; see `torch.nn.CrossEntropyLoss(weight=…)`.
    """

    code = "DT111"
    name = "weight is not a finite number >= 0"

    def check_line(self, line: OddLine) -> Iterable[Problem]:
        member = (members_by_key(line) or {}).get("weight")
        if (
            member is None
            or is_valid_weight(member.value)
            or has_constant_at(line, member.value_at)
        ):
            return
        value = member.value
        if isinstance(value, int | float) and not isinstance(value, bool):
            found = "infinite" if abs(value) > sys.float_info.max else elided(str(value))
        else:
            found = type_name(value)
        yield Problem(
            f"the weight is {found}, expected a finite number >= 0", column=member.value_at + 1
        )

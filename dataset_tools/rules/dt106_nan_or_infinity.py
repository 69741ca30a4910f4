"""A value is NaN or Infinity."""

from collections.abc import Iterable

from dataset_tools.record_batch import OddLine
from dataset_tools.rules.rule import Problem, Rule


class NanOrInfinity(Rule):
    """## What it does

    Reports `NaN`, `Infinity` or `-Infinity` anywhere in a line.

    ## Why it hurts

    They are not JSON. Python's reader takes them, most others refuse the line or the whole file,
    and a weight of NaN makes every loss NaN.

    ## Example

    ```json
    {"prompt": "2 + 2 =", "completion": " 4", "weight": NaN}
    ```

    ## Use instead

    Leave the key out. In pandas, drop missing values before writing.

    ## Source

    RFC 8259, section 6: Infinity and NaN are not permitted.
    """

    code = "DT106"
    name = "NaN or Infinity"

    def check_line(self, line: OddLine) -> Iterable[Problem]:
        if line.scan is not None:
            for constant in line.scan.constants:
                yield Problem(f"'{constant.what}' is not JSON", column=constant.at + 1)

"""A line is nested too deep, or holds a number too long to read."""

from collections.abc import Iterable

from dataset_tools.record_batch import OddLine
from dataset_tools.rules.rule import Problem, Rule


class UnreadableValue(Rule):
    """## What it does

    Reports a line nested more than 500 levels deep, or with a number of more than 4,300 digits.

    ## Why it hurts

    Such a line is valid JSON, but readers crash on it: Python's own runs out of stack near 1,000
    levels and refuses longer integers.

    ## Example

    A line of 100,000 opening brackets.

    ## Use instead

    Training records are flat: two strings, and perhaps a weight.

    ## Source

    RFC 8259, section 9, allows limits on depth and on the range of numbers; 4,300 digits is
    `sys.int_info.default_max_str_digits`.
    """

    code = "DT007"
    name = "nested too deep or a number too long"

    def check_line(self, line: OddLine) -> Iterable[Problem]:
        if line.scan is not None and line.scan.unreadable is not None:
            yield Problem(line.scan.unreadable.what, column=line.scan.unreadable.at + 1)

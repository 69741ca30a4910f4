"""A line is blank."""

from collections.abc import Iterable

from dataset_tools.findings import Severity
from dataset_tools.record_batch import OddLine
from dataset_tools.rules.edits import DROPPED_LINE, FixStage
from dataset_tools.rules.rule import Problem, Rule


class BlankLine(Rule):
    """## What it does

    Reports a line that is empty or holds only white space.

    ## Why it hurts

    Several readers stop at it, others skip it and count rows differently from then on.

    ## Example

    An empty line at the end of the file, or between two records.

    ## Use instead

    One JSON object on every line; the last line may end with a newline.

    ## Fix

    `dataset-tools fix` drops the line.

    ## Source

    The JSON Lines format (jsonlines.org): each line is a valid JSON value.
    """

    code = "DT004"
    name = "blank line"
    severity = Severity.WARNING
    fix_stage = FixStage.LINES

    def check_line(self, line: OddLine) -> Iterable[Problem]:
        if line.is_blank:
            yield Problem("blank line, expected a JSON object", edit=DROPPED_LINE)

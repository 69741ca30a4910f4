"""A record stands in the file more than once."""

from collections.abc import Iterable

from dataset_tools.findings import Severity
from dataset_tools.rules.edits import DROPPED_LINE, FixStage
from dataset_tools.rules.repeats import RepeatProblems
from dataset_tools.rules.rule import Problem, RecordLookup, Rule


class DuplicateRecord(Rule):
    """## What it does

    Reports a record whose texts equal those of an earlier one, and names the first. White space
    and case count; the weight does not.

    ## Why it hurts

    Repeated records weigh more than the others, the model memorises them, and they end up on
    both sides of a split between training and validation.

    ## Example

    The same line twice.

    ## Use instead

    Keep one. To make a record count more, give it a `weight`.

    ## Fix

    `dataset-tools fix` keeps the first and drops the others, whatever further keys they have. One
    with another `weight` than the first is left for you to judge.

    ## Source

    Lee et al., Deduplicating Training Data Makes Language Models Better, arXiv 2107.06499.
    """

    code = "DT401"
    name = "exact duplicate record"
    severity = Severity.WARNING
    fix_stage = FixStage.REPEATS
    compares_records = True

    def conclude(self, records: RecordLookup) -> Iterable[Problem]:
        repeats = records.repeats.of_records
        return RepeatProblems("the record repeats the one in line {first}", repeats, DROPPED_LINE)

    def lines_to_drop(self, records: RecordLookup) -> Iterable[int]:
        repeats = records.repeats.of_records
        lines: list[int] = repeats.lines[repeats.weighs_the_same].tolist()
        return lines

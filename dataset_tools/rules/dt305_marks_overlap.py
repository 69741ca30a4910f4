"""Separator and stop sequence contain one another."""

from collections.abc import Iterable

from dataset_tools.quotes import quotable
from dataset_tools.rules.rule import Problem, RecordLookup, Rule


class MarksOverlap(Rule):
    r"""## What it does

    Reports a separator that contains the stop sequence, or the other way round. `\n##\n` and
    `\n###\n` do not: neither stands within the other. Nor do `\n\n###\n\n` and `\n`: a mark of
    white space alone tells nothing of the other.

    ## Why it hurts

    Generation would stop at a separator, or a stop sequence be taken for a separator; the model
    cannot tell the end of a prompt from the end of an answer.

    ## Example

    The separator `###` with the stop sequence `\n###\n`.

    ## Use instead

    Two marks of their own, such as `\n##\n` and `\n###\n`.

    ## Options

    `--separator` and `--stop-sequence`, or `separator` and `stop_sequence` in a recipe.

    ## Source

    Azure OpenAI's fine-tuning guide uses two different marks for the two purposes; OpenAI's names
    `\n\n###\n\n` and, as one of the stop sequences, `\n`.
    """

    code = "DT305"
    name = "separator and stop sequence contain one another"

    def conclude(self, records: RecordLookup) -> Iterable[Problem]:
        separator, stop_sequence = self.context.separator, self.context.stop_sequence
        if separator is not None and stop_sequence is not None and self.context.marks_overlap:
            yield Problem(
                f"the separator {quotable(separator.text)!r} and the "
                f"stop sequence {quotable(stop_sequence.text)!r} "
                "contain one another, expected two different marks",
                line=1,
            )

"""The classes of a classification file are badly unbalanced."""

from collections.abc import Iterable
from typing import Self

from dataset_tools.findings import Severity
from dataset_tools.quotes import quotable
from dataset_tools.record_batch import RecordBatch
from dataset_tools.rules.class_counts import ClassCounts
from dataset_tools.rules.rule import FileContext, Problem, RecordLookup, Rule, RuleOption

MAX_RATIO = RuleOption(
    "max-class-ratio", 10, 1, None, "Largest class over smallest that draws no DT405."
)


class UnbalancedClasses(Rule):
    """## What it does

    Reports a classification file whose largest class has more than ten times the records of its
    smallest. A file is taken for one if it has at most 20 different completions, each of at most
    50 characters, and ten records or more for each of them on average.

    ## Why it hurts

    The loss is made of the large classes, so the model learns to name them whatever it reads, and
    a good accuracy hides that it never names the small ones. In a small class a single wrong
    label weighs much; one of a few records may be nothing but a slip of the pen.

    ## Example

    950 records with the completion ` ham` and 50 with ` spam`.

    ## Use instead

    Gather more of the small class, take fewer of the large one, or give the small class's records
    a larger `weight`.

    ## Options

    `--max-class-ratio N`, 10 unless given.

    ## Source

    Buda, Maki, Mazurowski, A systematic study of the class imbalance problem in convolutional
    neural networks, arXiv 1710.05381, which measures imbalance by this ratio and studies it from
    about 10 on; OpenAI's fine-tuning guide: at least about 100 examples of each class.
    """

    code = "DT405"
    name = "classes badly unbalanced"
    severity = Severity.WARNING
    options = (MAX_RATIO,)

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.classes = ClassCounts()

    def observe(self, batch: RecordBatch) -> None:
        if batch.prompts:
            self.classes.add(batch.completions, self.context.prompt_format.bare_completion)

    def merge(self, later: Self, lines_before: int) -> None:
        self.classes.merge(later.classes)

    def conclude(self, records: RecordLookup) -> Iterable[Problem]:
        classes = self.classes.ranked()
        if not classes:
            return
        (largest, most), *_, (smallest, fewest) = classes
        ratio, limit = most / fewest, self.context.option(MAX_RATIO)
        if ratio > limit:
            yield Problem(
                f"class {quotable(largest)!r} has {most} records and "
                f"{quotable(smallest)!r} {fewest}, {ratio:.3g} times fewer; "
                f"expected at most {limit:g} times",
                line=1,
            )

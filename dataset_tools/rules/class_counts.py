"""Class counts: the labels of a file whose completions are few and short, and their records."""

from collections import Counter
from collections.abc import Callable, Sequence

MOST_CLASSES = 20
FEWEST_A_CLASS = 10  # records on average; with fewer, short answers may repeat by chance
LONGEST_LABEL = 50  # characters
_FIRST_LOOK = 2 * MOST_CLASSES  # records


class ClassCounts:
    """Records of each label, as long as there are few short ones; blank labels are left out."""

    def __init__(self) -> None:
        # None once there are too many labels, or one is too long
        self.counts: Counter[str] | None = Counter()

    def add(self, completions: Sequence[str], bare: Callable[[str], str]) -> None:
        """Count completions; `bare` gives one without its stop sequence."""
        # a few of them mostly tell already
        for some in (completions[:_FIRST_LOOK], completions[_FIRST_LOOK:]):
            if self.counts is not None:
                for completion, count in Counter(some).items():
                    self._add(bare(completion).strip(), count)

    def merge(self, later: "ClassCounts") -> None:
        """Take in what other records told."""
        if later.counts is None:
            self.counts = None
            return
        for label, count in later.counts.items():
            self._add(label, count)

    def ranked(self) -> list[tuple[str, int]]:
        """The labels with their records, the largest class first; none where these are no classes.

        They are if there are two or more, with enough records each on average.
        """
        counts = self.counts
        if not counts or len(counts) < 2 or counts.total() < FEWEST_A_CLASS * len(counts):
            return []
        return sorted(counts.items(), key=lambda each: (-each[1], each[0]))

    def _add(self, label: str, count: int) -> None:
        if self.counts is None or not label:  # blank completions are DT201's
            return
        self.counts[label] += count
        if len(label) > LONGEST_LABEL or len(self.counts) > MOST_CLASSES:
            self.counts = None

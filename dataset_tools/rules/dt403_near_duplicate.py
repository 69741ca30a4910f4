"""A record is nearly the same as an earlier one."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, Self

from dataset_tools.findings import Severity
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.hash_log import mixed
from dataset_tools.rules.min_hash_bands import MinHashBands
from dataset_tools.rules.rule import FileContext, Problem, RecordLookup, Rule, RuleOption
from dataset_tools.rules.text_digests import digest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIMILARITY = RuleOption(
    "near-duplicate-similarity", 0.8, 0.1, 1, "Least share of common 5-grams that draws a DT403."
)
PAIRS_A_PASS = 20_000  # whose shingles are held in memory at once


class NearDuplicate(Rule):
    """## What it does

    Reports a record that shares 80 % or more of its runs of five words with an earlier one, and
    names that one: the Jaccard similarity of the two sets of runs. Case and punctuation don't
    count. Exact duplicates belong to DT401, and the same prompt with another completion to DT402.
    Only where it is selected (`--select DT4` or `--select DT403`).

    Candidates are found with MinHash, which misses up to one in a hundred pairs that are right at
    the threshold and hardly any above it; each is then compared exactly. Takes about 90 bytes a
    record, most of them on disk.

    ## Why it hurts

    The model memorises what it sees over and over, copies on both sides of a split make the
    validation loss too good, and training spends its time on the same thing.

    ## Example

    ```json
    {"prompt": "", "completion": "The ferry to the island leaves at nine every day in May."}
    {"prompt": "", "completion": "The ferry to the island leaves at nine every day in May!"}
    ```

    ## Use instead

    Keep one of them.

    ## Options

    `--near-duplicate-similarity S`, from 0.1 to 1, 0.8 unless given. Needs the extra
    `near-duplicates`: `pip install 'axolotl-replicate[near-duplicates]'`.

    ## Source

    Lee et al., Deduplicating Training Data Makes Language Models Better, arXiv 2107.06499:
    MinHash over 5-grams of words, and 0.8 as what makes a near-duplicate.
    """

    code = "DT403"
    name = "near-duplicate record"
    severity = Severity.WARNING
    is_default = False
    options = (SIMILARITY,)

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.bands = MinHashBands(context.option(SIMILARITY))

    def observe(self, batch: RecordBatch) -> None:
        if len(batch):
            sets = (_shingles(self.context.prompt_format, record) for _, record in batch.records())
            hashes = batch.completion_hashes
            self.bands.add(sets, mixed(batch.prompt_hashes, hashes) if batch.prompts else hashes)

    def merge(self, later: Self, lines_before: int) -> None:
        self.bands.merge(later.bands)

    def conclude(self, records: RecordLookup) -> Iterable[Problem]:
        pairs = self.bands.candidates()
        last = -1  # the record that was reported last
        for start in range(0, len(pairs), PAIRS_A_PASS):
            for record, problem in self._compare(records, pairs[start : start + PAIRS_A_PASS]):
                if record != last:  # the earliest of those that are alike comes first
                    last = record
                    yield problem

    def _compare(
        self, records: RecordLookup, pairs: "NDArray[np.int64]"
    ) -> Iterator[tuple[int, Problem]]:
        """The later record's ordinal and a problem, for each pair that is alike."""
        import numpy as np

        ordinals = np.unique(pairs)
        looks = records.map_batches([ordinals], partial(_views, self.context.prompt_format))
        views_of = dict(zip(ordinals.tolist(), chain.from_iterable(looks), strict=True))
        threshold = self.context.option(SIMILARITY)
        for record, earlier in pairs.tolist():
            view, first_view = views_of[record], views_of[earlier]
            similarity = _similarity(view.shingles, first_view.shingles)
            if similarity >= threshold and (not view.prompt or view.prompt != first_view.prompt):
                yield (
                    record,
                    Problem(
                        f"{similarity:.0%} the same as the record in line {first_view.line}, "
                        f"expected less than {threshold:.0%}",
                        line=view.line,
                        content=view.identity.hex(),
                    ),
                )


class _View(NamedTuple):
    """What of a record is compared."""

    line: int
    identity: bytes
    prompt: bytes  # a digest; empty where it is blank
    shingles: "NDArray[np.int64]"  # hashes, ascending


def _views(prompt_format: PromptFormat, batch: RecordBatch, indices: Sequence[int]) -> list[_View]:
    return [_view(prompt_format, batch.numbers[index], batch.record(index)) for index in indices]


def _view(prompt_format: PromptFormat, line: int, record: Record) -> _View:
    import numpy as np

    prompt = prompt_format.bare_prompt(record.prompt or "")
    return _View(
        line,
        digest(record.prompt or "", record.completion),
        digest(prompt) if prompt.strip() else b"",
        np.unique(np.fromiter(map(hash, _shingles(prompt_format, record)), np.int64)),
    )


def _shingles(prompt_format: PromptFormat, record: Record) -> set[str]:
    from dataset_tools.rules.shingles import shingles

    prompt = prompt_format.bare_prompt(record.prompt or "")
    return shingles(f"{prompt}\n{prompt_format.bare_completion(record.completion)}")


def _similarity(shingles: "NDArray[np.int64]", others: "NDArray[np.int64]") -> float:
    """The Jaccard similarity of two sets: what they share of all they hold, 0 to 1."""
    import numpy as np

    common = len(np.intersect1d(shingles, others, assume_unique=True))
    return common / max(1, len(shingles) + len(others) - common)

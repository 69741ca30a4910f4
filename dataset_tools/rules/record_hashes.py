"""Record hashes: the little that is kept of each record to find those that repeat one another.

Mostly that is one hash, of the prompt: a record that stands twice has its prompt twice, and so has
one with another completion for it. A blank prompt says nothing; there it is the completion's hash.
Only where a sample shows prompts that many records share are there two hashes a record.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from dataset_tools.record_batch import RecordBatch
from dataset_tools.rules.hash_log import HashLog, RepeatedHashes, mixed, with_different
from dataset_tools.rules.rule import FileContext, Rule

FEWEST_SHARING = 5  # records of a sample; of a large file they may stand for millions


class Candidates(NamedTuple):
    """Hashes that more than one record has, and where to find those records."""

    hashes: RepeatedHashes
    log: HashLog
    are_of_prompts: bool  # rather than of whole records


class RecordHashes:
    """The hashes of records in file order."""

    def __init__(self, context: FileContext, sample: RecordBatch) -> None:
        prompt_format = context.prompt_format
        self.blank = (hash(""), hash(prompt_format.separator))  # prompts that say nothing
        self.records = HashLog()  # of whole records, or of their prompts
        self.prompts: HashLog | None = None  # of prompts, where the others are of whole records
        shared = Counter(each for each in sample.prompts if hash(each) not in self.blank)
        if shared and max(shared.values()) >= FEWEST_SHARING:
            self.prompts = HashLog()

    def add(self, batch: RecordBatch) -> None:
        """Append the records of the batch that follows."""
        if not batch.prompts:
            self.records.add(batch.completion_hashes)
        elif self.prompts is not None:
            self.prompts.add(batch.prompt_hashes)
            self.records.add(mixed(batch.prompt_hashes, batch.completion_hashes))
        else:
            hashes = batch.prompt_hashes
            is_blank = (hashes == self.blank[0]) | (hashes == self.blank[1])
            if is_blank.any():
                hashes = hashes.copy()
                hashes[is_blank] = mixed(hashes, batch.completion_hashes)[is_blank]
            self.records.add(hashes)

    def merge(self, later: "RecordHashes") -> None:
        """Append the records of the piece that follows."""
        self.records.merge(later.records)
        if self.prompts is not None and later.prompts is not None:
            self.prompts.merge(later.prompts)

    def of_repeated_records(self) -> Candidates:
        """What may stand more than once."""
        return Candidates(self.records.repeated(), self.records, self.prompts is None)

    def of_shared_prompts(self) -> Candidates:
        """What may stand with another completion elsewhere; where `prompts` are apart."""
        assert self.prompts is not None
        shared = self.prompts.repeated()
        differing = with_different(self.prompts, self.records, shared, self.blank)
        return Candidates(differing, self.prompts, True)


def record_hashes_for(
    rules: Iterable[Rule], context: FileContext, sample: RecordBatch
) -> RecordHashes | None:
    """What to keep of a file's records; None where no rule compares them."""
    if any(rule.compares_records for rule in rules):
        return RecordHashes(context, sample)
    return None

"""What training makes of records, by their numbers of tokens alone: sequences, targets, weights.

The same arithmetic as `dataset_tools.tokens.tokenize`, over many records at once and without their
ids; a test compares the two.
"""

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

import numpy as np

from dataset_tools.stats.length_counts import LengthCounts
from dataset_tools.stats.record_tokens import RecordTokens
from dataset_tools.tokens import TrainingFormat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dataset_tools.stats.length_counts import Integers

# Every float is a whole multiple of the least one above 0, so that sums in this unit are exact and
# do not depend on the order in which parts are added.
WEIGHT_UNITS = 2**1074


@dataclass
class TrainedSequences:
    """Counts over the sequences of records; those of parts add up to those of the whole."""

    records: int = 0
    tokens: int = 0  # of the records as they are, none cut
    tokens_cut: int = 0  # from the prompts of truncated records
    truncated: int = 0  # records whose prompt lost its beginning
    split: int = 0  # texts that became several sequences
    dropped: int = 0
    refused: int = 0  # under on_too_long: error
    prompt_targets: int = 0  # tokens with a label and a weight above 0
    completion_targets: int = 0
    prompt_units: int = 0  # Σ record weight over the targets, in WEIGHT_UNITS
    completion_units: int = 0
    lengths: LengthCounts = field(default_factory=LengthCounts)  # of the sequences, in tokens

    def merge(self, later: "TrainedSequences") -> None:
        """Take in another part's counts."""
        self._combine(later, 1)

    def remove(self, part: "TrainedSequences") -> None:
        """Leave out a part that was counted before."""
        self._combine(part, -1)

    def _combine(self, other: "TrainedSequences", sign: int) -> None:
        for each in fields(self):
            mine, others = getattr(self, each.name), getattr(other, each.name)
            if isinstance(mine, LengthCounts):
                (mine.merge if sign > 0 else mine.remove)(others)
            else:
                setattr(self, each.name, mine + sign * others)


def count_sequences(records: RecordTokens, training_format: TrainingFormat) -> TrainedSequences:
    """The counts over what `tokenize` makes of these records."""
    counts = TrainedSequences(records=len(records), tokens=int(records.total.sum()))
    limit = training_format.longest_sequence
    is_too_long = records.total > limit
    if not is_too_long.any():
        _add(counts, records, training_format)
        return counts
    _add(counts, records[~is_too_long], training_format)
    too_long = records[is_too_long]
    if training_format.on_too_long == "error":
        counts.refused = len(too_long)
    elif training_format.on_too_long == "drop":
        counts.dropped = len(too_long)
    else:
        texts = too_long[too_long.is_text]
        others = too_long[~too_long.is_text]
        fitting = others[others.completion <= limit]
        counts.split = len(texts)
        counts.dropped = len(others) - len(fitting)
        counts.truncated = len(fitting)
        _add(counts, _split(texts, training_format.chunk_size), training_format)
        cut = _truncated(fitting, training_format.chunk_size)
        counts.tokens_cut = int(fitting.total.sum() - cut.total.sum())
        _add(counts, cut, training_format)
    return counts


def _truncated(records: RecordTokens, chunk_size: int) -> RecordTokens:
    room = chunk_size - records.completion
    return RecordTokens(room, records.completion, records.is_text, records.weights)


def _split(texts: RecordTokens, chunk_size: int) -> RecordTokens:
    """The pieces of texts longer than a chunk; none is a lone token, unless chunks are tiny."""
    pieces = -(-texts.completion // chunk_size)
    lengths = np.repeat(np.full(len(texts), chunk_size), pieces)
    last = np.cumsum(pieces) - 1
    lengths[last] = texts.completion - (pieces - 1) * chunk_size
    if chunk_size > 2:
        lone = last[lengths[last] == 1]
        lengths[lone] += 1
        lengths[lone - 1] -= 1
    return RecordTokens(
        np.zeros(len(lengths), np.int64),
        lengths,
        np.repeat(texts.is_text, pieces),
        np.repeat(texts.weights, pieces),
    )


def _add(
    counts: TrainedSequences, sequences: RecordTokens, training_format: TrainingFormat
) -> None:
    """Count sequences that are as the trainer gets them; the first token of none is a target."""
    counts.lengths.add(sequences.total)
    completion = sequences.completion - (sequences.prompt == 0)
    carries_loss = sequences.weights > 0
    counts.completion_targets += int(completion[carries_loss].sum())
    counts.completion_units += _weighted(completion, sequences.weights)
    if training_format.prompt_loss_weight > 0:
        prompt = np.maximum(sequences.prompt - 1, 0)
        counts.prompt_targets += int(prompt[carries_loss].sum())
        counts.prompt_units += _weighted(prompt, sequences.weights)


def _weighted(targets: "Integers", weights: "NDArray[np.float64]") -> int:
    """Σ weight over the targets, in WEIGHT_UNITS."""
    kinds, kind = np.unique(weights, return_inverse=True)
    totals = np.zeros(len(kinds), np.int64)
    np.add.at(totals, kind, targets)
    units = 0
    for weight, total in zip(kinds.tolist(), totals.tolist(), strict=True):
        numerator, denominator = weight.as_integer_ratio()
        units += total * numerator * (WEIGHT_UNITS // denominator)
    return units

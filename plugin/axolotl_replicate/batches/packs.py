"""Packs as rows of a dataset: sequences joined, with the lengths by which to part them again.

A pack is one row, so that shuffling, steps and processes treat it as they treat a record. Only when
a batch is made are its records parted: then Axolotl's own collators lay them out so that they don't
see one another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dataset_tools.packing import PACKERS, Packing, Span
from dataset_tools.tokens import IGNORED_LABEL

RECORD_LENGTHS = "record_lengths"  # of the records or parts of records in a pack, in tokens
RECORDS_BEGUN = "records_begun"  # how many records begin in the row
POSITIONS = "position_ids"

_ROWS_AT_ONCE = 1000
_TOKEN_COLUMNS = ("input_ids", "attention_mask", "labels", "loss_weights", "completion_mask")

Feature = Mapping[str, Any]


def pack_sequences(sequences: Any, packing: Packing, chunk_size: int, processes: int | None) -> Any:
    """The dataset of packs; each part of a record starts with a token that is no target."""
    from datasets import Dataset

    packs = PACKERS[packing](token_counts(sequences), chunk_size)
    return Dataset.from_dict({"spans": packs}).map(
        _JoinSpans(sequences),
        remove_columns="spans",
        num_proc=processes,
        desc="Packing sequences",
    )


def unpack(packs: Any) -> Any:
    """The dataset of the records in packs, each a row again."""
    names = [name for name in packs.column_names if name in _TOKEN_COLUMNS]
    return packs.map(
        _part_rows,
        batched=True,
        remove_columns=[name for name in packs.column_names if name not in names],
        desc="Unpacking",
    )


def _part_rows(rows: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    packs = [dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)]
    records = [record for pack in packs for record in part_pack(pack)]
    return {name: [record[name] for record in records] for name in rows if name in _TOKEN_COLUMNS}


def token_counts(rows: Any) -> list[int]:
    """How many tokens each row of a dataset has."""
    from pyarrow.compute import list_value_length

    batches = rows.with_format("arrow").iter(_ROWS_AT_ONCE)
    return [
        count for batch in batches for count in list_value_length(batch["input_ids"]).to_pylist()
    ]


@dataclass(frozen=True)
class _JoinSpans:
    """A pack's spans to its row; a class and no closure, since worker processes pickle it."""

    sequences: Any

    def __call__(self, row: Mapping[str, Sequence[Sequence[int]]]) -> dict[str, Any]:
        spans = [Span(*span) for span in row["spans"]]
        parts = self.sequences[[span.sequence for span in spans]]
        joined: dict[str, Any] = {
            name: [
                value
                for values, span in zip(columns, spans, strict=True)
                for value in values[span.start : span.stop]
            ]
            for name, columns in parts.items()
            if name != RECORDS_BEGUN
        }
        joined[RECORD_LENGTHS] = [span.stop - span.start for span in spans]
        joined[RECORDS_BEGUN] = sum(
            begun
            for begun, span in zip(parts[RECORDS_BEGUN], spans, strict=True)
            if span.start == 0
        )
        start = 0
        for length in joined[RECORD_LENGTHS]:
            joined["labels"][start] = IGNORED_LABEL
            start += length
        return joined


@dataclass(frozen=True)
class PackCollator:
    """Parts the packs of a batch into their records and hands those to a packing collator."""

    collator: Any

    def __call__(self, rows: Sequence[Any], return_tensors: str | None = None) -> Any:
        """The inner collator's batch of the records in `rows`, lists of packs."""
        parted = [[record for pack in row for record in part_pack(pack)] for row in rows]
        return self.collator(parted, return_tensors=return_tensors)


def part_pack(pack: Feature) -> list[dict[str, Any]]:
    """The records of a pack, each with positions that start at 0."""
    records = []
    start = 0
    for length in pack[RECORD_LENGTHS]:
        record = {
            name: values[start : start + length]
            for name, values in pack.items()
            if name != RECORD_LENGTHS and isinstance(values, list)
        }
        record[POSITIONS] = list(range(length))
        records.append(record)
        start += length
    return records

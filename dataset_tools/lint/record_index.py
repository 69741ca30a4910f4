"""The record index: where the records of a checked file stand, for a second look at some of them.

It keeps three numbers for each batch of lines, 24 bytes for every megabyte of data.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import BinaryIO, TypeVar

from dataset_tools.errors import InputError
from dataset_tools.lines import LineBatch
from dataset_tools.lint.pieces import read_blocks
from dataset_tools.lint.processes import in_order
from dataset_tools.parsing import RecordBatch, parse_batch
from dataset_tools.records import Record, RecordFormat

Value = TypeVar("Value")

FEWEST_PARALLEL_BATCHES = 32  # below that, starting processes costs more than it saves


class RecordIndex:
    """Start byte, first line and first record of consecutive batches."""

    def __init__(self) -> None:
        self.starts = array("Q")
        self.first_lines = array("Q")
        self.first_records = array("Q")
        self.end = 0  # byte behind the last batch
        self.lines = 0
        self.records = 0

    def add(self, start: int, batch: RecordBatch) -> None:
        """Enter the batch that follows."""
        self.starts.append(start)
        self.first_lines.append(self.lines + 1)
        self.first_records.append(self.records)
        self.end = start + len(batch.lines.block)
        self.lines += len(batch.byte_scan.line_ends)
        self.records += len(batch)

    def merge(self, later: "RecordIndex") -> None:
        """Enter all batches of the piece that follows."""
        self.starts.extend(later.starts)
        self.first_lines.extend(line + self.lines for line in later.first_lines)
        self.first_records.extend(record + self.records for record in later.first_records)
        self.end = max(self.end, later.end)
        self.lines += later.lines
        self.records += later.records


class IndexedRecords:
    """The records of an open file by their ordinal; implements `RecordLookup`."""

    def __init__(
        self, stream: BinaryIO, index: RecordIndex, record_format: RecordFormat, jobs: int = 1
    ) -> None:
        self.stream = stream
        self.index = index
        self.record_format = record_format
        self.jobs = jobs

    def map_at(
        self, ordinals: Iterable[int], function: Callable[[Record], Value]
    ) -> Iterator[tuple[int, Value]]:
        """Line number and `function(record)` for each ordinal (0-based, ascending).

        Every batch is read once; where many records are asked for, by several processes.
        """
        tasks = ((number, group, function) for number, group in self._by_batch(ordinals))
        first_tasks = list(islice(tasks, FEWEST_PARALLEL_BATCHES))
        jobs = self.jobs if len(first_tasks) == FEWEST_PARALLEL_BATCHES else 1
        for values in in_order(self._map_batch, chain(first_tasks, tasks), jobs):
            yield from values

    def _map_batch(
        self, number: int, ordinals: list[int], function: Callable[[Record], Value]
    ) -> list[tuple[int, Value]]:
        batch = self._read_batch(number)
        first = self.index.first_records[number]
        if ordinals[-1] - first >= len(batch):
            raise InputError("the file changed while it was read; lint it again")
        return [
            (batch.numbers[ordinal - first], function(batch.record(ordinal - first)))
            for ordinal in ordinals
        ]

    def _by_batch(self, ordinals: Iterable[int]) -> Iterator[tuple[int, list[int]]]:
        """The number of each batch that holds wanted records, and their ordinals."""
        number, end = -1, 0
        group: list[int] = []
        for ordinal in ordinals:
            if ordinal >= end:
                if group:
                    yield number, group
                number, group = bisect_right(self.index.first_records, ordinal) - 1, []
                is_last = number + 1 == len(self.index.first_records)
                end = self.index.records if is_last else self.index.first_records[number + 1]
            group.append(ordinal)
        if group:
            yield number, group

    def _read_batch(self, number: int) -> RecordBatch:
        index = self.index
        is_last = number + 1 == len(index.starts)
        start, end = index.starts[number], index.end if is_last else index.starts[number + 1]
        block = b"".join(block for _, block in read_blocks(self.stream, start, end))
        return parse_batch(LineBatch(index.first_lines[number], block), self.record_format)

"""The record index: where the records of a checked file stand, for a second look at some of them.

It keeps three numbers and a flag for each batch of lines, 25 bytes for every megabyte of data, and
where records are compared a hash or two of each.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from itertools import chain, islice
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from dataset_tools.errors import UnreadableDataError
from dataset_tools.lines import LineBatch
from dataset_tools.lint.pieces import read_blocks
from dataset_tools.lint.processes import in_order
from dataset_tools.parsing import parse_batch, parse_plain_batch
from dataset_tools.record_batch import RecordBatch
from dataset_tools.rules import FileContext
from dataset_tools.rules.record_hashes import RecordHashes
from dataset_tools.rules.repeats import FoundRepeats, find_repeats

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Value = TypeVar("Value")

FEWEST_PARALLEL_BATCHES = 32  # below that, starting processes costs more than it saves


class RecordIndex:
    """Start byte, first line and first record of consecutive batches, and hashes of records."""

    def __init__(self, hashes: RecordHashes | None = None) -> None:
        self.hashes = hashes  # of the records; None where none are compared
        self.starts = array("Q")
        self.first_lines = array("Q")
        self.first_records = array("Q")
        self.are_plain = bytearray()  # whether a batch's lines are, so that reading may be quick
        self.end = 0  # byte behind the last batch
        self.lines = 0
        self.records = 0

    def add(self, start: int, batch: RecordBatch) -> None:
        """Enter the batch that follows."""
        self.starts.append(start)
        self.first_lines.append(self.lines + 1)
        self.first_records.append(self.records)
        self.are_plain.append(batch.is_plain)
        self.end = start + len(batch.lines.block)
        self.lines += len(batch.byte_scan.line_ends)
        self.records += len(batch)
        if self.hashes is not None:
            self.hashes.add(batch)

    def merge(self, later: "RecordIndex") -> None:
        """Enter all batches of the piece that follows."""
        self.starts.extend(later.starts)
        self.first_lines.extend(line + self.lines for line in later.first_lines)
        self.first_records.extend(record + self.records for record in later.first_records)
        self.are_plain += later.are_plain
        self.end = max(self.end, later.end)
        self.lines += later.lines
        self.records += later.records
        if self.hashes is not None and later.hashes is not None:
            self.hashes.merge(later.hashes)


class IndexedRecords:
    """The records of an open file by their ordinal; implements `RecordLookup`."""

    def __init__(
        self,
        name: str,
        stream: BinaryIO,
        index: RecordIndex,
        context: FileContext,
        jobs: int = 1,
        *,
        wants_contents: bool = False,
    ) -> None:
        self.name = name
        self.stream = stream
        self.index = index
        self.context = context
        self.jobs = jobs
        self.wants_contents = wants_contents

    @cached_property
    def repeats(self) -> FoundRepeats:
        """The records that repeat an earlier one; to be asked for where hashes are kept."""
        assert self.index.hashes is not None
        return find_repeats(self, self.index.hashes, self.context.prompt_format)

    def map_batches(
        self,
        ordinals: "Iterable[NDArray[np.intp]]",
        function: Callable[[RecordBatch, Sequence[int]], Value],
    ) -> Iterator[Value]:
        """`function(batch, indices)` for the wanted records, batch by batch.

        By several processes, where records of many batches are asked for.
        """
        tasks = self._by_batch(ordinals)
        first_tasks = list(islice(tasks, FEWEST_PARALLEL_BATCHES))
        jobs = self.jobs if len(first_tasks) == FEWEST_PARALLEL_BATCHES else 1
        return in_order(partial(self._map_batch, function), chain(first_tasks, tasks), jobs)

    def map_tasks(self, function: Callable[[int], Value], count: int) -> Iterator[Value]:
        """`function(number)` for the numbers from 0 on, by several processes."""
        return in_order(function, zip(range(count)), min(self.jobs, count))

    def _map_batch(
        self,
        function: Callable[[RecordBatch, Sequence[int]], Value],
        number: int,
        indices: Sequence[int],
    ) -> Value:
        batch = self._read_batch(number)
        if indices[-1] >= len(batch):
            raise UnreadableDataError(
                f"{self.name}: changed while it was read; try again when it is complete"
            )
        return function(batch, indices)

    def _by_batch(
        self, ordinals: "Iterable[NDArray[np.intp]]"
    ) -> Iterator[tuple[int, Sequence[int]]]:
        """The number of each batch that holds wanted records, and their indices in it."""
        import numpy as np

        firsts = np.frombuffer(self.index.first_records, np.uint64).astype(np.intp)
        for wanted in ordinals:
            numbers = np.searchsorted(firsts, wanted, side="right") - 1
            begins = np.flatnonzero(numbers[1:] != numbers[:-1]) + 1
            for group in np.split(wanted, begins):
                if len(group):
                    number = int(np.searchsorted(firsts, group[0], side="right")) - 1
                    yield number, _as_indices(group - firsts[number])

    def _read_batch(self, number: int) -> RecordBatch:
        index = self.index
        is_last = number + 1 == len(index.starts)
        start, end = index.starts[number], index.end if is_last else index.starts[number + 1]
        block = b"".join(block for _, block in read_blocks(self.stream, start, end))
        lines = LineBatch(index.first_lines[number], block)
        parse = parse_plain_batch if index.are_plain[number] else parse_batch
        return parse(lines, self.context.record_format)


def _as_indices(places: "NDArray[np.intp]") -> Sequence[int]:
    """The places, ascending; in a range where none is left out, which takes no time to send."""
    first, last = int(places[0]), int(places[-1])
    if last - first == len(places) - 1:
        return range(first, last + 1)
    indices: list[int] = places.tolist()
    return indices

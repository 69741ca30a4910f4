"""Which rows of a file to preview. A row is a line of the file, numbered from 1 as lint does."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import nlargest, nsmallest
from itertools import islice
from random import Random
from typing import BinaryIO, Literal

from dataset_tools.errors import InputError
from dataset_tools.line_index import LineIndex
from dataset_tools.lines import read_batches, skip_byte_order_mark
from dataset_tools.parsing import parse_batch, parse_line
from dataset_tools.preview.lengths import Measure
from dataset_tools.record_batch import OddLine
from dataset_tools.records import Record, RecordFormat

Extreme = Literal["longest", "shortest"]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the file and what it means; `start` is the byte at which it begins."""

    number: int
    start: int
    content: bytes
    line: OddLine

    @property
    def record(self) -> Record | None:
        """The record on the line, or None where there is none to train on."""
        return self.line.record


@dataclass
class Rows:
    """The rows of an open, uncompressed file; `name` is what messages call it."""

    name: str
    stream: BinaryIO
    passed_over: list[int] = field(default_factory=list)  # lines without a record, met on the way

    def is_held_out(self, row: Row, count: int) -> bool:
        """Whether the row's record is one of the last `count`, in a file of more than that."""
        follow = self._count_records(row.start + len(row.content), count)
        return follow < count and self._count_records(0, count + 1) > count

    def _count_records(self, start: int, most: int) -> int:
        """How many records there are from a line's first byte on, at most `most` of them."""
        position = self.stream.tell()
        self.stream.seek(start)
        if start == 0:
            skip_byte_order_mark(self.stream)
        records = (line for line in self.stream if parse_line(1, line).record is not None)
        count = sum(1 for _ in islice(records, most))
        self.stream.seek(position)
        return count

    def __post_init__(self) -> None:
        self._index = LineIndex(self.stream)

    def at(self, number: int) -> Row:
        """The row with this number, record or not; raises InputError beyond the last line."""
        found = self._index.line(number)
        if found is None:
            lines = self._index.count()
            raise InputError(
                f"{self.name}: there is no row {number}; the file has {lines} "
                f"line{'s' * (lines != 1)}"
            )
        return self._row(number, *found)

    def first(self, count: int) -> Iterator[Row]:
        """The first `count` records; raises InputError where there is none."""
        found = 0
        start = self._index.first_byte
        for batch in read_batches(self.stream):
            for number, content in enumerate(batch.lines, batch.first_number):
                row = self._row(number, start, content)
                start += len(content)
                if row.record is None:
                    self._pass_over(row)
                    continue
                found += 1
                yield row
                if found == count:
                    return
        self._check_any(found)

    def sample(self, count: int, seed: int) -> list[Row]:
        """`count` records drawn without replacement, in the order of the file.

        Lines are drawn by their number, each as likely as any other, and one without a record is
        passed over: so every record is equally likely, however long it is. The file is read once to
        count its lines, and never kept. Raises InputError where there is no record.
        """
        rows: list[Row] = []
        for number in _in_random_order(Random(seed), self._index.count()):
            row = self.at(number)
            if row.record is None:
                self._pass_over(row)
            else:
                rows.append(row)
                if len(rows) == count:
                    break
        self._check_any(len(rows))
        return sorted(rows, key=lambda row: row.number)

    def extreme(
        self,
        which: Extreme,
        count: int,
        record_format: RecordFormat,
        measure: Measure,
        advance: Callable[[int], None] = lambda done: None,
    ) -> list[Row]:
        """The `count` longest records, the longest first, or the shortest likewise.

        Of two of one length the first in the file comes first. `advance` is called with the
        bytes read. Raises InputError where there is no record.
        """
        lengths = self._lengths(record_format, measure, advance)
        if which == "longest":
            chosen = nlargest(count, lengths, key=lambda each: (each[1], -each[0]))
        else:
            chosen = nsmallest(count, lengths, key=lambda each: (each[1], each[0]))
        self._check_any(len(chosen))
        return [self.at(number) for number, _ in chosen]

    def _lengths(
        self, record_format: RecordFormat, measure: Measure, advance: Callable[[int], None]
    ) -> Iterator[tuple[int, int]]:
        """Number and length of each record."""
        for lines in read_batches(self.stream):
            batch = parse_batch(lines, record_format)
            records = [record for _, record in batch.records()]
            yield from zip(batch.numbers, measure(records), strict=True)
            advance(len(lines.block))

    def _row(self, number: int, start: int, content: bytes) -> Row:
        return Row(number, start, content, parse_line(number, content))

    def _pass_over(self, row: Row) -> None:
        if not row.line.is_blank:
            self.passed_over.append(row.number)

    def _check_any(self, found: int) -> None:
        if not found:
            raise InputError(
                f"{self.name}: holds no record; 'dataset-tools lint {self.name}' says why"
            )


def _in_random_order(random: Random, count: int) -> Iterator[int]:
    """The numbers from 1 to `count`, shuffled; only those that were drawn take memory.

    The Fisher-Yates shuffle (Durstenfeld, CACM 7(7), 1964) of a list that is kept as its changes.
    """
    moved: dict[int, int] = {}
    for place in range(count):
        other = random.randrange(place, count)
        yield moved.get(other, other) + 1
        moved[other] = moved.pop(place, place)

"""How the records of a data set fall into packs: by the trainer's own packing, from lengths alone.

What is kept of a sequence are its length, its line and its record, 20 bytes; texts are read and
forgotten.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from dataset_tools.lines import open_plain, read_batches
from dataset_tools.packing import PACKERS, Pack, Packing, Span, density
from dataset_tools.parsing import parse_batch
from dataset_tools.preview.formats import format_of_file
from dataset_tools.printable import encodable
from dataset_tools.progress import bytes_progress
from dataset_tools.record_batch import RecordBatch
from dataset_tools.sources import SourceFile
from dataset_tools.tokens import (
    BatchTokenizer,
    RecordTooLongError,
    TrainingFormat,
    encode_records,
    fit,
)


@dataclass(frozen=True, slots=True)
class RecordPlace:
    """Where a record stands."""

    path: str
    line: int


@dataclass
class Sequences:
    """The sequences that are trained on, in the order of the data, as columns."""

    paths: list[str] = field(default_factory=list)
    first_records: list[int] = field(default_factory=list)  # of each path
    lengths: "array[int]" = field(default_factory=lambda: array("I"))
    lines: "array[int]" = field(default_factory=lambda: array("Q"))
    record_numbers: "array[int]" = field(default_factory=lambda: array("Q"))
    records: int = 0
    dropped: list[tuple[int, RecordPlace]] = field(default_factory=list)  # with record number

    def place(self, sequence: int) -> RecordPlace:
        """Where the sequence's record stands."""
        record = self.record_numbers[sequence]
        file = max(index for index, first in enumerate(self.first_records) if first <= record)
        return RecordPlace(self.paths[file], self.lines[sequence])

    def part(self, sequence: int) -> int | None:
        """Which of its record's sequences this is, from 1; None where it is the only one."""
        record = self.record_numbers[sequence]
        first = last = sequence
        while first > 0 and self.record_numbers[first - 1] == record:
            first -= 1
        while last + 1 < len(self.record_numbers) and self.record_numbers[last + 1] == record:
            last += 1
        return None if first == last else sequence - first + 1

    def hold_out(self, count: int) -> None:
        """Leave out the last `count` records."""
        self.records -= count
        while self.record_numbers and self.record_numbers[-1] >= self.records:
            for column in (self.lengths, self.lines, self.record_numbers):
                column.pop()
        self.dropped = [(record, place) for record, place in self.dropped if record < self.records]


@dataclass(frozen=True)
class Packs:
    """Sequences in packs; `held_out` is how many records at the end were left out of them."""

    sequences: Sequences
    packs: list[Pack]
    packing: Packing
    chunk_size: int
    held_out: int = 0

    @property
    def dropped(self) -> list[RecordPlace]:
        """The records of which nothing is trained, as they are too long."""
        return [place for _, place in self.sequences.dropped]

    @property
    def density_packed(self) -> float:
        """The share of the packs' room that holds tokens, from 0 to 1."""
        return density(self.sequences.lengths, len(self.packs), self.chunk_size)

    @property
    def density_unpacked(self) -> float:
        """The same with each sequence alone in a row of `chunk_size` tokens."""
        lengths = self.sequences.lengths
        rows = sum(-(-length // self.chunk_size) for length in lengths)
        return density(lengths, rows, self.chunk_size)


def make_packs(
    sources: Sequence[SourceFile],
    training_format: TrainingFormat,
    tokenizer: BatchTokenizer,
    held_out: int = 0,
    *,
    quiet: bool = True,
) -> Packs:
    """The packs that training makes of the sources' records but the last `held_out`.

    By best fit where the format does not pack. Raises InputError where a source cannot be read.
    """
    sequences = Sequences()
    for source in sources:
        sequences.paths.append(source.name)
        sequences.first_records.append(sequences.records)
        with bytes_progress(source.name, source.path, quiet=quiet) as advance:
            for batch in _batches(source):
                _add(batch, source.name, sequences, training_format, tokenizer)
                advance(len(batch.lines.block))
    held_out = held_out if held_out < sequences.records else 0
    sequences.hold_out(held_out)
    packing: Packing = training_format.packing if training_format.packs else "best_fit"
    packs = PACKERS[packing](sequences.lengths, training_format.chunk_size)
    return Packs(sequences, packs, packing, training_format.chunk_size, held_out)


def _batches(source: SourceFile) -> Iterator[RecordBatch]:
    with open_plain(source.path, source.name) as stream:
        record_format = format_of_file(stream)
        for lines in read_batches(stream):
            yield parse_batch(lines, record_format)


def _add(
    batch: RecordBatch,
    path: str,
    sequences: Sequences,
    training_format: TrainingFormat,
    tokenizer: BatchTokenizer,
) -> None:
    records = [record for _, record in batch.records()]
    encoded = encode_records(records, training_format.prompt_format, tokenizer)
    for line, record, tokens in zip(batch.numbers, records, encoded, strict=True):
        try:
            made = fit(tokens, record, training_format, tokenizer.bos_id)
        except RecordTooLongError:
            made = []
        if not made:
            sequences.dropped.append((sequences.records, RecordPlace(path, line)))
        for sequence in made:
            sequences.lengths.append(len(sequence.input_ids))
            sequences.lines.append(line)
            sequences.record_numbers.append(sequences.records)
        sequences.records += 1


def as_json_object(made: Packs, most: int) -> dict[str, Any]:
    """The packs as an object that JSON can hold, the first `most` of them with their records."""
    sequences = made.sequences
    return {
        "packing": made.packing,
        "chunk_size": made.chunk_size,
        "records": sequences.records,
        "held_out": made.held_out,
        "dropped": [{"path": encodable(each.path), "line": each.line} for each in made.dropped],
        "sequences": len(sequences.lengths),
        "tokens": sum(sequences.lengths),
        "packs": len(made.packs),
        "density": {"unpacked": made.density_unpacked, "packed": made.density_packed},
        "shown": [
            {
                "tokens": sum(span.stop - span.start for span in pack),
                "spans": [_span(span, sequences) for span in pack],
            }
            for pack in made.packs[:most]
        ],
    }


def _span(span: Span, sequences: Sequences) -> dict[str, Any]:
    place = sequences.place(span.sequence)
    return {
        "path": encodable(place.path),
        "line": place.line,
        "part": sequences.part(span.sequence) or 1,
        "start": span.start,
        "stop": span.stop,
    }

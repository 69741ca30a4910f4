"""Which rows of a file to preview. A row is a line of the file, numbered from 1 as lint does."""

from collections.abc import Iterator
from dataclasses import dataclass

from dataset_tools.errors import InputError
from dataset_tools.lines import open_plain, read_batches
from dataset_tools.parsing import parse_line
from dataset_tools.records import Record
from dataset_tools.sources import SourceFile


@dataclass(frozen=True, slots=True)
class RowChoice:
    """One row by its number, or the first `count` records where `row` is None."""

    row: int | None = None
    count: int = 1


def read_rows(source: SourceFile, choice: RowChoice) -> Iterator[tuple[int, Record]]:
    """The chosen records with their line numbers.

    Raises InputError for a row beyond the end, one that holds no record, and a file without any.
    """
    found = 0
    last = 0
    for number, content in _numbered_lines(source):
        last = number
        if choice.row is not None and number != choice.row:
            continue
        record = parse_line(number, content).record
        if record is None and choice.row is not None:
            raise InputError(
                f"{source.name}:{number}: the line holds no record; "
                f"'dataset-tools lint {source.name}' says why"
            )
        if record is None:
            continue
        found += 1
        yield number, record
        if found == choice.count:
            return
    if choice.row is not None:
        raise InputError(f"{source.name}: there is no row {choice.row}; the file has {last} lines")
    if not found:
        raise InputError(
            f"{source.name}: holds no record; 'dataset-tools lint {source.name}' says why"
        )


def _numbered_lines(source: SourceFile) -> Iterator[tuple[int, bytes]]:
    with open_plain(source.path, source.name) as stream:
        for batch in read_batches(stream):
            yield from enumerate(batch.lines, batch.first_number)

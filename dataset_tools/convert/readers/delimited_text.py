"""CSV and its kin: cells as text, exactly as they stand in the file."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager

from dataset_tools.convert.table import ReadOptions, Table
from dataset_tools.sources import SourceFile


@contextmanager
def read(source: SourceFile, options: ReadOptions) -> Iterator[Table]:
    """Open the file; its first row names the columns."""
    with source.path.open(newline="", encoding="utf-8-sig") as text:
        reader = csv.reader(text, delimiter=options.delimiter or ",", strict=True)
        header = next(reader)
        rows = ((reader.line_num, dict(zip(header, cells, strict=True))) for cells in reader)
        yield Table(source.name, tuple(header), rows, unit="line")

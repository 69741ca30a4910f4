"""Plain text: each line, paragraph or whole file is a row with the one column `text`."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper

from dataset_tools.convert.readers.text_encoding import as_utf8
from dataset_tools.convert.table import ReadOptions, Row, RowError, Table
from dataset_tools.lines import open_plain
from dataset_tools.sources import SourceFile

COLUMN = "text"


@contextmanager
def read(source: SourceFile, options: ReadOptions) -> Iterator[Table]:
    r"""Open the file; `options.sample_by` says what a row is, and blank ones are skipped.

    A line loses its ending, a paragraph the ending of its last line. `\r\n` and a lone `\r` within
    a paragraph or a document stay as they are.
    """
    with (
        open_plain(source.path, source.name) as packed,
        as_utf8(packed, source.name, options.encoding) as (stream, notes),
    ):
        text = TextIOWrapper(stream, encoding="utf-8", newline="")
        samples = {"line": _lines, "paragraph": _paragraphs, "document": _document}
        try:
            yield Table(
                source.name,
                (COLUMN,),
                _rows(samples[options.sample_by](text)),
                unit="line",
                notes=notes,
                bytes_read=stream.tell,
                size=os.fstat(stream.fileno()).st_size,
            )
        finally:
            text.detach()  # the stream is another's to close


def _rows(samples: Iterator[tuple[int, str]]) -> Iterator[tuple[int, Row | RowError]]:
    for number, sample in samples:
        if sample and not sample.isspace():
            yield number, {COLUMN: sample}


def _lines(text: TextIOWrapper) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text, start=1):
        yield number, _without_ending(line)


def _paragraphs(text: TextIOWrapper) -> Iterator[tuple[int, str]]:
    """What stands between blank lines, with the number of its first line."""
    start = 1
    lines: list[str] = []
    for number, line in enumerate(text, start=1):
        if not line.isspace():
            if not lines:
                start = number
            lines.append(line)
        elif lines:
            yield start, _without_ending("".join(lines))
            lines = []
    yield start, _without_ending("".join(lines))


def _document(text: TextIOWrapper) -> Iterator[tuple[int, str]]:
    yield 1, text.read()


def _without_ending(line: str) -> str:
    for ending in ("\r\n", "\n", "\r"):
        if line.endswith(ending):
            return line.removesuffix(ending)
    return line

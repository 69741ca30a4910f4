"""The survey: a first look at a file that tells its format and its marks.

Files up to 8 MB are read whole, larger ones in evenly spread blocks, so that a file sorted by
origin is judged by all of it. The blocks depend on nothing but the file.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

import orjson

from dataset_tools.lint.settings import GivenMark, LintSettings
from dataset_tools.marks import Mark, given_mark, infer_mark
from dataset_tools.records import REQUIRED_KEYS, format_of_keys
from dataset_tools.rules import FileContext

READ_WHOLE_BYTES = 8 * 1024 * 1024
BLOCK_COUNT = 64
BLOCK_BYTES = READ_WHOLE_BYTES // BLOCK_COUNT


def survey(stream: BinaryIO, size: int, settings: LintSettings) -> FileContext | None:
    """The file's format and marks, or None where no row tells a format."""
    rows = list(_sample_rows(stream, size))
    formats = Counter(found for row in rows if (found := format_of_keys(row)))
    if not formats:
        return None
    record_format = formats.most_common(1)[0][0]
    target_key = REQUIRED_KEYS[record_format][-1]
    separator = None
    if record_format == "prompt-completion":
        separator = _mark(settings.separator, _strings(rows, "prompt"))
    return FileContext(
        record_format, separator, _mark(settings.stop_sequence, _strings(rows, target_key))
    )


def _mark(given: GivenMark | None, texts: list[str]) -> Mark | None:
    if given is None:
        return infer_mark(texts)
    return given_mark(given.text, given.origin, texts) if given.text else None


def _strings(rows: list[dict[str, object]], key: str) -> list[str]:
    return [value for row in rows if isinstance(value := row.get(key), str)]


def _sample_rows(stream: BinaryIO, size: int) -> Iterator[dict[str, object]]:
    for line in _sample_lines(stream, size):
        try:
            row = orjson.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(row, dict):
            yield row


def _sample_lines(stream: BinaryIO, size: int) -> Iterator[bytes]:
    stream.seek(0)
    if size <= READ_WHOLE_BYTES:
        yield from stream
        return
    for block in range(BLOCK_COUNT):
        stream.seek(size // BLOCK_COUNT * block)
        if block:
            stream.readline(BLOCK_BYTES)  # the rest of a line that began before the block
        yield from stream.read(BLOCK_BYTES).split(b"\n")[:-1]

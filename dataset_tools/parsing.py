"""Parsing: a batch of lines becomes a batch of records, odd lines kept with their diagnosis.

A line that a strict parser reads as exactly the file's keys with string values is taken as it is;
any other line gets the exact second look of `json_scanner`, whose verdict the rules report.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import orjson

from dataset_tools.json_scanner import Scan, has_lone_surrogate, scan_line
from dataset_tools.lines import LineBatch
from dataset_tools.records import (
    REQUIRED_KEYS,
    Record,
    RecordFormat,
    format_of_keys,
    is_valid_weight,
)


@dataclass(frozen=True, slots=True)
class OddLine:
    """A line that needed the exact look: its text, what is odd, and its record where it has one."""

    number: int
    text: str  # up to the first invalid byte
    invalid_utf8_at: int | None = None  # characters before the first invalid byte
    scan: Scan | None = None  # None for a blank line and one that is not UTF-8
    record: Record | None = None

    @property
    def is_blank(self) -> bool:
        """Whether the line holds nothing but white space."""
        return self.invalid_utf8_at is None and self.scan is None


@dataclass(slots=True)
class RecordBatch:
    """The records of consecutive lines, in columns; entry i of each list belongs together.

    `prompts` is empty for a text file. `odd_lines` holds the lines that needed a second look,
    among them those that hold no record.
    """

    lines: LineBatch
    numbers: list[int] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    completions: list[str] = field(default_factory=list)
    weights: dict[int, float] = field(default_factory=dict)  # index -> weight, where not 1
    odd_lines: list[OddLine] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def record_hashes(self) -> Iterable[int]:
        """A 64-bit hash of each record's texts; the weight does not count."""
        if not self.prompts:
            return map(hash, self.completions)
        return map(hash, zip(self.prompts, self.completions, strict=True))

    def record(self, index: int) -> Record:
        """The record at this index of the columns."""
        prompt = self.prompts[index] if self.prompts else None
        return Record(prompt, self.completions[index], self.weights.get(index, 1.0))

    def records(self) -> Iterator[tuple[int, Record]]:
        """Line number and record, in order."""
        return ((number, self.record(index)) for index, number in enumerate(self.numbers))

    def line_at(self, number: int) -> bytes:
        """The bytes of one of the batch's lines."""
        return self.lines.lines[number - self.lines.first_number]

    def add(self, number: int, record: Record) -> None:
        """Append a record to the columns."""
        if record.weight != 1.0:
            self.weights[len(self.numbers)] = record.weight
        self.numbers.append(number)
        if record.prompt is not None:
            self.prompts.append(record.prompt)
        self.completions.append(record.completion)


def parse_batch(lines: LineBatch, record_format: RecordFormat) -> RecordBatch:
    """The batch's records of the file's format, and its odd lines."""
    return _all_regular(lines, record_format) or _line_by_line(lines, record_format)


def parse_line(number: int, content: bytes, record_format: RecordFormat | None = None) -> OddLine:
    """The exact reading of one line; its own keys decide the format where none is given."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        readable = content[: error.start].decode()
        return OddLine(number, readable, invalid_utf8_at=len(readable))
    text = text.removesuffix("\n").removesuffix("\r")
    if not text.strip(" \t\r"):
        return OddLine(number, text)
    scan = scan_line(text)
    return OddLine(number, text, scan=scan, record=_record_of(scan, record_format))


def _all_regular(lines: LineBatch, record_format: RecordFormat) -> RecordBatch | None:
    """The batch where every line is regular, the common case; None where one may not be."""
    try:
        rows = [orjson.loads(line) for line in lines.lines]
    except json.JSONDecodeError:
        return None
    keys = REQUIRED_KEYS[record_format]
    if set(map(type, rows)) != {dict} or set(map(len, rows)) != {len(keys)}:
        return None
    columns: dict[str, list[str]] = {}
    for key in keys:
        try:
            columns[key] = [row[key] for row in rows]
        except KeyError:
            return None
        if set(map(type, columns[key])) != {str}:
            return None
    if _may_repeat_a_key(b"".join(lines.lines), keys, len(rows)):
        return None
    numbers = list(range(lines.first_number, lines.first_number + len(rows)))
    return RecordBatch(lines, numbers, columns.get("prompt", []), columns[keys[-1]])


def _line_by_line(lines: LineBatch, record_format: RecordFormat) -> RecordBatch:
    batch = RecordBatch(lines)
    for number, content in enumerate(lines.lines, lines.first_number):
        record = _regular_record(content, record_format)
        if record is None:
            odd_line = parse_line(number, content, record_format)
            batch.odd_lines.append(odd_line)
            record = odd_line.record
        if record is not None:
            batch.add(number, record)
    return batch


def _regular_record(content: bytes, record_format: RecordFormat) -> Record | None:
    """The line's record if nothing about the line can be odd."""
    try:
        row = orjson.loads(content)
    except json.JSONDecodeError:
        return None
    keys = REQUIRED_KEYS[record_format]
    if type(row) is not dict or row.keys() != set(keys) or _may_repeat_a_key(content, keys, 1):
        return None
    if not all(type(value) is str for value in row.values()):
        return None
    return Record(row.get("prompt"), row[keys[-1]])


def _may_repeat_a_key(content: bytes, keys: tuple[str, ...], count: int) -> bool:
    r"""Whether a key may stand more than once in one of `count` objects.

    Parsers keep the last of two equal keys without a word. A key in quotes can stand elsewhere
    only as a whole string value (inside one, its quotes are escaped), and it can be spelled
    otherwise only with escapes of ASCII letters, `\u0061` to `\u007a`.
    """
    if b"\\u006" in content or b"\\u007" in content:
        return True
    return any(content.count(b'"%s"' % key.encode()) != count for key in keys)


def _record_of(scan: Scan, record_format: RecordFormat | None) -> Record | None:
    """The record of a scanned line, or None where the line holds none of the file's format."""
    if scan.syntax_error is not None or scan.unreadable is not None:
        return None
    values = {member.key: member.value for member in scan.members}
    wanted = record_format or format_of_keys(values)
    if wanted is None or format_of_keys(values) != wanted:
        return None
    weight = values.get("weight", 1.0)
    texts = [values.get(key) for key in REQUIRED_KEYS[wanted]]
    strings = [text for text in texts if isinstance(text, str)]
    if len(strings) < len(texts) or any(map(has_lone_surrogate, strings)):
        return None
    if not is_valid_weight(weight):
        return None
    prompt = strings[0] if wanted == "prompt-completion" else None
    return Record(prompt, strings[-1], float(weight))

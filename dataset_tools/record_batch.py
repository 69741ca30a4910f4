"""Records of consecutive lines in columns, and the odd lines among them."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from dataset_tools.byte_scan import ByteScan
from dataset_tools.json_scanner import Scan, has_lone_surrogate, scan_line
from dataset_tools.line_shapes import LineLook, LineShape
from dataset_tools.lines import LineBatch
from dataset_tools.records import (
    REQUIRED_KEYS,
    Record,
    RecordFormat,
    format_of_keys,
    is_valid_weight,
)
from dataset_tools.value_edges import ValueEdges

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class OddLine(Struct, frozen=True, dict=True):
    """A line that is not a plain record; the exact look is taken when it is asked for."""

    number: int
    content: bytes
    record_format: RecordFormat | None = None  # that of the file; the line's own keys tell if None

    @cached_property
    def text(self) -> str:
        """The line without its ending, or what stands before its first invalid byte."""
        try:
            text = self.content.decode()
        except UnicodeDecodeError as error:
            return self.content[: error.start].decode()
        return text.removesuffix("\n").removesuffix("\r")

    @cached_property
    def invalid_utf8_at(self) -> int | None:
        """How many characters stand before the first invalid byte; None where all are valid."""
        try:
            self.content.decode()
        except UnicodeDecodeError:
            return len(self.text)
        return None

    @property
    def is_blank(self) -> bool:
        """Whether the line holds nothing but white space."""
        return not self.content.strip(b" \t\r\n")

    @cached_property
    def scan(self) -> Scan | None:
        """What is odd, and where; None for a blank line and one that is not UTF-8."""
        if self.is_blank or self.invalid_utf8_at is not None:
            return None
        return scan_line(self.text)

    @cached_property
    def record(self) -> Record | None:
        """The line's record; None where it holds none of the file's format."""
        scan = self.scan
        if scan is None or scan.syntax_error is not None or scan.unreadable is not None:
            return None
        return _record_of({member.key: member.value for member in scan.members}, self.record_format)


class RecordBatch(Struct, dict=True):
    """The records of consecutive lines, in columns; entry i of each list belongs together.

    `prompts` is empty for a text file. `odd_lines` holds the lines that needed a second look,
    among them those that hold no record.
    """

    lines: LineBatch
    numbers: list[int] | range = field(default_factory=list)  # a range where no line is odd
    prompts: list[str] = field(default_factory=list)
    completions: list[str] = field(default_factory=list)
    weights: dict[int, float] = field(default_factory=dict)  # index -> weight, where not 1
    ignored_keys: dict[int, tuple[str, ...]] = field(default_factory=dict)  # where there are any
    odd_lines: list[OddLine] = field(default_factory=list)
    # the same, those of one shape together; one that tells no shape by its number
    odd_lines_by_shape: dict[LineShape | int, list[OddLine]] = field(default_factory=dict)
    # where among the quotes of a line the value of a key opens, where all lines are built alike
    value_places: Mapping[str, int] = field(default_factory=dict)
    # what a rule worked out and others ask again, by question
    answers: dict[tuple[object, ...], object] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def is_plain(self) -> bool:
        """Whether each line is a record and nothing but."""
        return isinstance(self.numbers, range) and not self.ignored_keys and not self.weights

    @cached_property
    def prompt_hashes(self) -> "NDArray[np.int64]":
        """A 64-bit hash of each prompt, alike in processes forked from one another only."""
        return _hashes(self.prompts)

    @cached_property
    def completion_hashes(self) -> "NDArray[np.int64]":
        """A 64-bit hash of each completion, likewise."""
        return _hashes(self.completions)

    @property
    def byte_scan(self) -> ByteScan:
        """A look at the raw bytes of the batch's lines."""
        return self.lines.byte_scan

    @cached_property
    def value_edges(self) -> Mapping[str, ValueEdges]:
        """The edges of each text's values; nothing where the lines are not built alike."""
        if not self.value_places:
            return {}
        scan = self.byte_scan
        places = scan.string_delimiters.reshape(len(self), -1)
        return {
            key: ValueEdges(scan, starts=places[:, opening] + 1, ends=places[:, opening + 1].copy())
            for key, opening in self.value_places.items()
        }

    def record(self, index: int) -> Record:
        """The record at this index of the columns."""
        prompt = self.prompts[index] if self.prompts else None
        return Record(
            prompt,
            self.completions[index],
            self.weights.get(index, 1.0),
            self.ignored_keys.get(index, ()),
        )

    def records(self) -> Iterator[tuple[int, Record]]:
        """Line number and record, in order."""
        return ((number, self.record(index)) for index, number in enumerate(self.numbers))

    def line_at(self, number: int) -> bytes:
        """The bytes of one of the batch's lines."""
        return self.lines.lines[number - self.lines.first_number]

    def add(self, number: int, record: Record) -> None:
        """Append a record to the columns of a batch that is read line by line."""
        assert isinstance(self.numbers, list)
        if record.weight != 1.0:
            self.weights[len(self.numbers)] = record.weight
        if record.ignored_keys:
            self.ignored_keys[len(self.numbers)] = record.ignored_keys
        self.numbers.append(number)
        if record.prompt is not None:
            self.prompts.append(record.prompt)
        self.completions.append(record.completion)

    def add_odd_line(self, line: OddLine, look: LineLook) -> None:
        """Append an odd line, and its record where it holds one."""
        self.odd_lines.append(line)
        alike = self.odd_lines_by_shape.setdefault(look.shape or line.number, [])
        alike.append(line)
        record = alike[0].record
        if record is not None:
            self.add(line.number, record if look.row is None else _record_like(record, look.row))


def _hashes(texts: list[str]) -> "NDArray[np.int64]":
    import numpy as np

    return np.fromiter(map(hash, texts), np.int64, len(texts))


def _record_of(values: Mapping[str, object], record_format: RecordFormat | None) -> Record | None:
    """The record of an object, or None where it holds none of the file's format."""
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
    known = {*REQUIRED_KEYS[wanted], "weight"}
    ignored = tuple(key for key in values if key not in known and key.lower() not in known)
    return Record(prompt, strings[-1], float(weight), ignored)


def _record_like(record: Record, row: Mapping[str, Any]) -> Record:
    """The record of an object that has the shape of another record's."""
    prompt = None if record.prompt is None else row["prompt"]
    weight = float(row.get("weight", 1.0))
    return Record(prompt, row[record.target_key], weight, record.ignored_keys)

"""Parsing: a batch of lines becomes a batch of records, odd lines kept with their diagnosis.

A batch in which a strict parser finds exactly the file's keys, with string values, is taken as it
is, and so is one in which all lines have the same further keys. Of any other, each line whose only
peculiarity is a weight or keys that training ignores is taken, and the rest are odd. Those that
`line_shapes` tells to be alike need the exact second look of `json_scanner`, whose verdict the
rules report, only once, and where a finding is listed.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import count
from typing import Any

import msgspec

from dataset_tools.json_scanner import MAX_DEPTH
from dataset_tools.line_shapes import (
    REFUSED,
    LineShapes,
    look_at_value,
    may_hold_a_long_number,
)
from dataset_tools.lines import LineBatch
from dataset_tools.record_batch import OddLine, RecordBatch
from dataset_tools.records import (
    REQUIRED_KEYS,
    Record,
    RecordFormat,
    format_of_keys,
    is_valid_weight,
)


class _PromptCompletion(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    prompt: str
    completion: str


class _Text(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    text: str


_read_prompt_completions = msgspec.json.Decoder(_PromptCompletion).decode_lines
_read_texts = msgspec.json.Decoder(_Text).decode_lines
_read_any = msgspec.json.Decoder().decode
QUOTES = 4  # around a key and a value that is a string
# an odd line is kept with its diagnosis, which may take a hundred times its own memory
MOST_ODD_LINES = 16 * 1024


def parse_batch(lines: LineBatch, record_format: RecordFormat) -> RecordBatch:
    """The batch's records of the file's format, and its odd lines."""
    return (
        _all_regular(lines, record_format)
        or _all_alike(lines, record_format)
        or _line_by_line(lines, record_format)
    )


def parse_batches(
    lines: LineBatch, record_format: RecordFormat, most_odd_lines: int = MOST_ODD_LINES
) -> Iterator[RecordBatch]:
    """The same in one batch, or in several where more lines than that may be odd."""
    batch = _all_regular(lines, record_format) or _all_alike(lines, record_format)
    if batch is not None:
        yield batch
        return
    for part in lines.parts(most_odd_lines):
        yield _line_by_line(part, record_format)


def parse_plain_batch(lines: LineBatch, record_format: RecordFormat) -> RecordBatch:
    """The batch's records, quickly; for a batch that `parse_batch` found plain before."""
    return _columns(lines, record_format) or parse_batch(lines, record_format)


def parse_line(number: int, content: bytes, record_format: RecordFormat | None = None) -> OddLine:
    """The exact reading of one line; its own keys decide the format where none is given."""
    return OddLine(number, content, record_format)


def _all_regular(lines: LineBatch, record_format: RecordFormat) -> RecordBatch | None:
    """The batch where every line is regular, the common case; None where one may not be."""
    batch = _columns(lines, record_format)
    if batch is None or not _has_an_object_a_line(batch):
        return None
    # a key that stands twice, of which parsers keep the last, would have quotes of its own
    delimiters = batch.byte_scan.string_delimiters
    if len(delimiters) != QUOTES * len(REQUIRED_KEYS[record_format]) * len(batch):
        return None
    if batch.completions:
        batch.value_places = _places_by_first_letter(batch, REQUIRED_KEYS[record_format])
    return batch


def _columns(lines: LineBatch, record_format: RecordFormat) -> RecordBatch | None:
    """The batch where a strict parser finds nothing but the file's keys, with strings."""
    prompts: list[str] = []
    try:
        if record_format == "text":
            completions = [row.text for row in _read_texts(lines.block)]
        else:
            rows = _read_prompt_completions(lines.block)
            prompts = [row.prompt for row in rows]
            completions = [row.completion for row in rows]
    except REFUSED:
        return None
    numbers = range(lines.first_number, lines.first_number + len(completions))
    return RecordBatch(lines, numbers, prompts, completions)


def _has_an_object_a_line(batch: RecordBatch) -> bool:
    """Whether each line holds one of the batch's flat objects, which were read as if in one text.

    As many lines as objects, each with a brace at its start: no brace is left for a second one.
    """
    scan = batch.byte_scan
    starts = scan.line_starts
    return len(starts) == len(batch) and bool((scan.at(starts) == ord("{")).all())


def _places_by_first_letter(batch: RecordBatch, keys: tuple[str, ...]) -> dict[str, int]:
    """The places of the keys' values where all lines have the keys in the same order."""
    scan = batch.byte_scan
    delimiters = scan.string_delimiters.reshape(len(batch), -1)
    first_letters = [
        scan.at(delimiters[:, place] + 1) for place in range(0, delimiters.shape[1], QUOTES)
    ]
    places = {
        key: place * QUOTES + 2
        for key in keys
        for place, letters in enumerate(first_letters)
        if (letters == ord(key[0])).all()
    }
    return places if len(places) == len(keys) else {}


def _all_alike(lines: LineBatch, record_format: RecordFormat) -> RecordBatch | None:
    """The batch where all lines have the same keys, some of which training ignores; else None."""
    if not _begins_plain(lines, record_format) or any(map(may_hold_a_long_number, lines.lines)):
        return None
    try:
        rows = list(map(_read_any, lines.lines))
    except REFUSED:
        return None
    if set(map(type, rows)) != {dict} or len(set(map(tuple, rows))) != 1:
        return None
    keys = tuple(rows[0])
    ignored_keys = _ignored_keys(keys, record_format)
    if ignored_keys is None:
        return None
    columns = {key: [row[key] for row in rows] for key in keys}
    kinds = {key: set(map(type, column)) for key, column in columns.items()}
    required = REQUIRED_KEYS[record_format]
    if any(kinds[key] != {str} for key in required) or not all(map(_is_plain, kinds.values())):
        return None
    weights = columns.get("weight", [])
    if not all(map(is_valid_weight, weights)):
        return None
    numbers = range(lines.first_number, lines.first_number + len(rows))
    prompts = columns["prompt"] if "prompt" in required else []
    batch = RecordBatch(lines, numbers, prompts, columns[required[-1]])
    batch.weights = {index: float(each) for index, each in enumerate(weights) if each != 1}
    if ignored_keys:
        batch.ignored_keys = dict.fromkeys(range(len(rows)), ignored_keys)
    are_strings = [str in kinds[key] for key in keys]
    quotes = 2 * (len(keys) + sum(are_strings))
    if len(batch.byte_scan.string_delimiters) != quotes * len(rows):
        return None
    batch.value_places = _value_places(keys, are_strings, record_format)
    return batch


def _begins_plain(lines: LineBatch, record_format: RecordFormat) -> bool:
    """Whether the first line may be a plain record, without which the rest is not worth a look."""
    try:
        row = _read_any(next(iter(lines.lines), b""))
    except REFUSED:
        return False
    return _plain_record(row, record_format) is not None


def _is_plain(kinds: set[type]) -> bool:
    """Whether all values are strings, or none of them holds any."""
    return kinds == {str} or kinds.isdisjoint({str, dict, list})


def _line_by_line(lines: LineBatch, record_format: RecordFormat) -> RecordBatch:
    batch = RecordBatch(lines)
    counts = batch.byte_scan.count_strings_by_line()
    shapes = LineShapes(lines)
    look = None
    for number, content, strings in zip(count(lines.first_number), lines.lines, counts):
        if look is not None and look.is_lenient:  # such lines seldom come alone
            look = shapes.of_members(number, content)
            if look.shape in batch.odd_lines_by_shape:
                batch.add_odd_line(OddLine(number, content, record_format), look)
                continue
        try:
            value = _read_any(content)
        except REFUSED as refusal:
            look = shapes.of_refused(number, content, refusal)
        else:
            if _count_strings(value) == strings and not may_hold_a_long_number(content):
                record = _plain_record(value, record_format)
                if record is not None:
                    batch.add(number, record)
                    look = None
                    continue
                look = look_at_value(value)
            else:
                look = shapes.of_members(number, content)
        batch.add_odd_line(OddLine(number, content, record_format), look)
    if 0 < len(batch) == len(lines.lines) == len(batch.odd_lines):
        batch.value_places = _places_by_shape(batch, record_format)
    return batch


def _places_by_shape(batch: RecordBatch, record_format: RecordFormat) -> dict[str, int]:
    """The places of the keys' values where all lines are odd, and of one shape."""
    shape, *others = batch.odd_lines_by_shape
    if others or isinstance(shape, int) or {dict, list}.intersection(shape.kinds):
        return {}
    return _value_places(shape.keys, [kind is str for kind in shape.kinds], record_format)


def _value_places(
    keys: Sequence[str], are_strings: Sequence[bool], record_format: RecordFormat
) -> dict[str, int]:
    """The places of the values of the required keys; of equal keys, that of the last."""
    place, places = 0, {}
    for key, is_string in zip(keys, are_strings, strict=True):
        places[key] = place + 2
        place += QUOTES if is_string else 2
    return {key: places[key] for key in REQUIRED_KEYS[record_format]}


def _plain_record(row: object, record_format: RecordFormat) -> Record | None:
    """The record of a row if nothing is odd about it but keys that training ignores."""
    if type(row) is not dict:
        return None
    ignored_keys = _ignored_keys(tuple(row), record_format)
    if ignored_keys is None:
        return None
    prompt, completion = row.get("prompt"), row[REQUIRED_KEYS[record_format][-1]]
    weight = row.get("weight", 1.0)
    if record_format == "text":
        prompt = None
    elif type(prompt) is not str:
        return None
    if type(completion) is not str or not is_valid_weight(weight):
        return None
    return Record(prompt, completion, float(weight), ignored_keys)


@lru_cache(maxsize=1024)
def _ignored_keys(keys: tuple[str, ...], record_format: RecordFormat) -> tuple[str, ...] | None:
    """The keys of an object that training ignores; None where the keys themselves are odd."""
    if format_of_keys(keys) != record_format or not set(REQUIRED_KEYS[record_format]) <= set(keys):
        return None
    known = {*REQUIRED_KEYS[record_format], "weight"}
    ignored = tuple(key for key in keys if key not in known)
    return None if any(key.lower() in known for key in ignored) else ignored


def _count_strings(document: object) -> int:
    """How many strings a JSON value holds, keys included; -1 where it needs an exact look."""
    if type(document) is dict:
        kinds = list(map(type, document.values()))
        if dict not in kinds and list not in kinds:
            return len(document) + kinds.count(str)
    strings = 0
    level: list[Any] = [document]
    for _ in range(MAX_DEPTH):
        following: list[Any] = []
        for value in level:
            kind = type(value)
            if kind is str:
                strings += 1
            elif kind is dict:
                strings += len(value)
                following += value.values()
            elif kind is list:
                following += value
        if not following:
            return strings
        level = following
    return -1

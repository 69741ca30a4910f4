"""One JSON document: an array of objects, an object of columns, or one object.

An object is read twice: the first time tells what its values are, and where they start, without
keeping them.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from dataset_tools.convert.readers.json_text import JsonText
from dataset_tools.convert.readers.text_encoding import as_utf8
from dataset_tools.convert.table import (
    NumberedRows,
    ReadOptions,
    RowError,
    Table,
    with_columns,
)
from dataset_tools.convert.values import shown_name
from dataset_tools.errors import InputError
from dataset_tools.lines import open_plain
from dataset_tools.sources import SourceFile

# An object with one of these alone is one row, a chat; under any other key are the rows.
_CHATS = frozenset({"messages", "conversations", "conversation"})
_LISTED = 5


@dataclass(frozen=True, slots=True)
class _Member:
    """A key of the outermost object and what its value is."""

    key: str
    kind: str
    """Its first character: `[`, `{`, or that of a scalar."""

    start: int
    """Where it starts, in bytes of the stream."""

    length: int = 0
    """Of an array."""

    first_kind: str = ""
    """The first character of an array's first item."""

    @property
    def holds_rows(self) -> bool:
        return self.kind == "[" and self.first_kind == "{"


@contextmanager
def read(source: SourceFile, options: ReadOptions) -> Iterator[Table]:
    """Open the file; its columns are the keys of its first rows, in the order they appear.

    Raises InputError where the document is malformed, or holds no rows or rows that can be had in
    more than one way.
    """
    with (
        open_plain(source.path, source.name) as packed,
        as_utf8(packed, source.name, options.encoding) as (stream, notes),
    ):
        rows, note = _rows(stream, source.name)
        yield Table(
            source.name,
            *with_columns(rows),
            notes=(*notes, *note),
            bytes_read=stream.tell,
            size=os.fstat(stream.fileno()).st_size,
        )


def _rows(stream: BinaryIO, name: str) -> tuple[NumberedRows, Sequence[str]]:
    start = stream.tell()
    text = JsonText(stream, name)
    kind = text.next_character()
    if kind == "[":
        return _array(text), ()
    if kind != "{":
        if not kind:
            raise InputError(f"{name}: the file is empty; expected an array of objects")
        text.value()
        text.end()
        raise InputError(f"{name}: one value that is no object; expected an array of objects")
    members = _members(text)
    is_one_of_several = text.next_character() == "{"
    if not is_one_of_several:
        text.end()
    stream.seek(start)
    if is_one_of_several:
        return _sequence(JsonText(stream, name)), ["read as one JSON object after the other"]
    return _rows_of_object(stream, name, start, members)


def _rows_of_object(
    stream: BinaryIO, name: str, start: int, members: Sequence[_Member]
) -> tuple[NumberedRows, Sequence[str]]:
    tables = [member for member in members if member.holds_rows]
    if len(tables) > 1 and len(tables) == len(members):
        raise InputError(
            f"{name}: an object with {len(tables)} arrays of objects ({_named(tables)}), expected "
            "one; keep the one to convert, for instance with jq "
            f"'.[\"{tables[0].key}\"]'"
        )
    is_chat = len(members) == 1 and members[0].key in _CHATS
    if len(tables) == 1 and not is_chat and _are_scalars(members, but=tables[0]):
        stream.seek(tables[0].start)
        note = f"the rows are those under the key {shown_name(tables[0].key)}"
        return _array(JsonText(stream, name), is_all=False), [note]
    if members and all(member.kind == "[" for member in members) and not is_chat:
        return _columns(stream, name, members), ["read as an object of columns"]
    if len(members) > 1 and all(member.kind == "{" for member in members):
        raise InputError(
            f"{name}: an object of objects ({_named(members)}), of which nothing tells whether "
            "they are rows or columns; write an array of objects instead (pandas: "
            "to_json(orient='records'); jq: '[.[]]' where each is a row)"
        )
    stream.seek(start)
    return _sequence(JsonText(stream, name)), ()


def _are_scalars(members: Sequence[_Member], but: _Member) -> bool:
    return all(member is but or member.kind not in "[{" for member in members)


def _named(members: Sequence[_Member]) -> str:
    names = [shown_name(member.key) for member in members[:_LISTED]]
    return ", ".join(names) + ", …" * (len(members) > _LISTED)


def _members(text: JsonText) -> list[_Member]:
    """The members of the object at the cursor, which is then behind it."""
    members: list[_Member] = []
    text.skip("{")
    if text.next_character() == "}":
        text.skip("}")
        return members
    while True:
        if text.next_character() != '"':
            raise text.stopped("malformed JSON: expected a key in double quotes")
        key = str(text.value())
        text.skip(":")
        members.append(_member(key, text))
        if text.skip(",", "}") == "}":
            return members


def _member(key: str, text: JsonText) -> _Member:
    kind = text.next_character()
    start = text.offset()
    if kind != "[":
        text.value()
        return _Member(key, kind, start)
    first_kind, length = "", 0
    for _ in _items(text):
        first_kind = first_kind or text.next_character()
        text.value()
        length += 1
    return _Member(key, kind, start, length, first_kind)


def _items(text: JsonText) -> Iterator[None]:
    """Go to each item of the array at the cursor in turn; whoever asks reads it."""
    text.skip("[")
    if text.next_character() == "]":
        text.skip("]")
        return
    while True:
        yield
        if text.skip(",", "]") == "]":
            return


def _array(text: JsonText, *, is_all: bool = True) -> NumberedRows:
    number = 0
    for _ in _items(text):
        rows = text.rows_ahead()
        yield from enumerate(rows, start=number + 1)
        number += len(rows)
        if not rows:
            number += 1
            yield number, text.row()
    if is_all:
        text.end()


def _sequence(text: JsonText) -> NumberedRows:
    number = 0
    while text.next_character():
        number += 1
        yield number, text.row()


def _columns(stream: BinaryIO, name: str, members: Sequence[_Member]) -> NumberedRows:
    """The rows of columns side by side: a cursor in each array, all in one file."""
    lengths = {member.length for member in members}
    if len(lengths) > 1:
        listed = ", ".join(
            f"{shown_name(member.key)} has {member.length}" for member in members[:_LISTED]
        )
        raise InputError(
            f"{name}: an object of columns of different lengths ({listed}"
            f"{', …' if len(members) > _LISTED else ''}), expected as many values in each"
        )
    keys = [member.key for member in members]
    if len(set(keys)) < len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InputError(f"{name}: the key {shown_name(twice)} stands twice, expected once")
    columns = [_column(_View(stream, member.start), name) for member in members]
    for number, values in enumerate(zip(*columns, strict=True), start=1):
        odd = next((each for each in values if isinstance(each, RowError)), None)
        yield number, odd or dict(zip(keys, values, strict=True))


def _column(view: "_View", name: str) -> Iterator[object]:
    text = JsonText(view, name)
    for _ in _items(text):
        yield text.cell()


class _View:
    """A place in a stream, beside others in the same stream."""

    def __init__(self, stream: BinaryIO, start: int) -> None:
        self._stream = stream
        self._at = start

    def tell(self) -> int:
        return self._at

    def read(self, size: int) -> bytes:
        self._stream.seek(self._at)
        content = self._stream.read(size)
        self._at += len(content)
        return content

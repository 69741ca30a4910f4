"""Text of any encoding as UTF-8, checked whole before the first row is read.

A guess that is wrong somewhere would otherwise show after a million rows, or never.
"""

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, BinaryIO

from dataset_tools.convert.readers.legacy_encoding import OF_SEVERAL_BYTES, legacy_encoding
from dataset_tools.errors import InputError
from dataset_tools.lines import skip_byte_order_mark
from dataset_tools.temporary_files import temporary_file
from dataset_tools.unicode_encodings import other_than_utf8

_CHUNK = 1024 * 1024
_BYTE_ORDER_MARK = "\ufeff"
_NOT_ASCII = re.compile(rb"[\x80-\xff]+")
# Python's encodings of source code and of domain names
_NOT_OF_FILES = frozenset({"punycode", "idna", "undefined", "unicode-escape", "raw-unicode-escape"})
# By chance some letters of an older encoding are UTF-8 for another: Russian `Её` in Windows-1251,
# and far more often a pair of Chinese characters. Above this share of the runs it is no chance.
_CHANCE = 0.01
_CHANCE_OF_SEVERAL_BYTES = 0.2


@dataclass(frozen=True, slots=True)
class _BadByte:
    """The first byte that an encoding has no place for."""

    offset: int
    value: int
    line: int
    column: int  # in characters
    is_cut_off: bool
    """Whether it begins a character that the end of the stream cuts off."""

    multibyte_chunks: int
    """How many chunks before its own hold characters beyond ASCII."""


@contextmanager
def as_utf8(
    stream: BinaryIO, name: str, encoding: str | None, *, is_checked_later: bool = False
) -> Iterator[tuple[BinaryIO, tuple[str, ...]]]:
    """The text as UTF-8 from its first character on, and a note where the encoding was guessed.

    Without `encoding`: UTF-8; UTF-16 and UTF-32 by their first bytes; an older encoding by its
    look where there is no UTF-8 in the text. Raises InputError with line and column where a byte
    belongs to no character; not for UTF-8 that `is_checked_later`, row by row.
    """
    codec, notes = _chosen(stream, name, encoding, is_checked_later)
    if codec is None:
        skip_byte_order_mark(stream)
        yield stream, notes
        return
    with temporary_file() as text:
        try:
            bad = _first_bad_byte(stream, codec, text)
        except (UnicodeError, ValueError, OverflowError) as error:
            raise _unreadable(codec, error, name, detected=encoding is None) from error
        if bad is not None:
            raise _not_of(codec, bad, name, detected=encoding is None)
        skip_byte_order_mark(text)
        yield text, notes


def _chosen(
    stream: BinaryIO, name: str, encoding: str | None, is_checked_later: bool
) -> tuple[str | None, tuple[str, ...]]:
    """The encoding to read the stream by, None for sound UTF-8, and how it was told."""
    if encoding is not None:
        return _known(encoding), ()
    stream.seek(0)
    other = other_than_utf8(stream.read(4))
    if other is not None:
        return _known(other), (f"read as {other} (detected)",)
    bad = None if is_checked_later else _first_bad_byte(stream, "utf-8")
    if bad is None:
        return None, ()
    guessed = _guessed(stream, bad, name)
    return guessed, (f"read as {guessed} (detected); --encoding names another",)


def _known(encoding: str) -> str:
    """Python's name of the encoding; raises InputError where it has none, or no file is in it."""
    examples = (
        "expected a name such as utf-8, utf-16, cp1252 (Windows, Western Europe), cp1251 "
        "(Windows, Cyrillic), shift_jis or gb18030"
    )
    try:
        "".encode(encoding)
        name = codecs.lookup(encoding).name
    except (LookupError, UnicodeError, ValueError) as error:
        raise InputError(f"--encoding {encoding!r} is not known; {examples}") from error
    if name.replace("_", "-") in _NOT_OF_FILES:
        raise InputError(f"--encoding {encoding!r} is not one that files are in; {examples}")
    return name


def _first_bad_byte(
    stream: BinaryIO, encoding: str, text: IO[bytes] | None = None
) -> _BadByte | None:
    """Decode the whole stream, into `text` as UTF-8 where that is given."""
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    is_utf8 = encoding == "utf-8"
    is_whole = True
    done = multibyte_chunks = 0
    while True:
        chunk = stream.read(_CHUNK)
        if is_utf8 and text is None and is_whole and chunk and chunk.isascii():
            done += len(chunk)
            continue
        try:
            decoded = decoder.decode(chunk, final=not chunk)
            if text is not None:
                text.write(decoded.encode())
        except UnicodeDecodeError as error:
            pending = len(error.object) - len(chunk)
            offset = done + error.start - pending
            line, column = _line_and_column(stream, encoding, offset)
            value = error.object[error.start]
            return _BadByte(offset, value, line, column, not chunk, multibyte_chunks)
        except UnicodeEncodeError:  # half a surrogate pair, which some decoders let through
            line, column = _line_and_column(stream, encoding, done)
            return _BadByte(done, chunk[0], line, column, False, multibyte_chunks)
        if not chunk:
            return None
        is_whole = not decoder.getstate()[0]
        multibyte_chunks += 1
        done += len(chunk)


def _line_and_column(stream: BinaryIO, encoding: str, offset: int) -> tuple[int, int]:
    """Where the byte at `offset` stands, both from 1; all before it can be decoded."""
    decoder = codecs.getincrementaldecoder(encoding)()
    stream.seek(0)
    line, last_line = 1, ""
    while offset > 0:
        chunk = stream.read(min(_CHUNK, offset))
        offset -= len(chunk)
        text = decoder.decode(chunk)
        line += text.count("\n")
        _, newline, tail = text.rpartition("\n")
        last_line = tail if newline else last_line + tail
    return line, len(last_line.removeprefix(_BYTE_ORDER_MARK)) + 1


def _guessed(stream: BinaryIO, bad: _BadByte, name: str) -> str:
    """The older encoding that a text looks like; raises InputError where it is UTF-8 but for some.

    What stands around the first byte that is not UTF-8 decides.
    """
    stream.seek(max(0, bad.offset - _CHUNK))
    content = stream.read(2 * _CHUNK)
    runs = _NOT_ASCII.findall(content)
    utf8_runs = bad.multibyte_chunks + sum(map(_is_utf8, runs))
    encoding = legacy_encoding(content)
    chance = _CHANCE_OF_SEVERAL_BYTES if encoding in OF_SEVERAL_BYTES else _CHANCE
    place = f"{name}:{bad.line}:{bad.column}: the byte 0x{bad.value:02X} is not UTF-8"
    if utf8_runs > chance * len(runs):
        if bad.is_cut_off:
            raise InputError(f"{place}: the file ends within a character; fetch it again")
        suggested = encoding or "cp1252"
        raise InputError(
            f"{place}, but other characters are: the file mixes encodings; mend or drop the "
            f"lines that are not UTF-8, or give --encoding {suggested} if none is"
        )
    if encoding is None:
        raise InputError(f"{place}, and no other encoding fits; name the file's with --encoding")
    return encoding


def _is_utf8(run: bytes) -> bool:
    try:
        run.decode()
    except UnicodeDecodeError:
        return False
    return True


def _unreadable(encoding: str, error: Exception, name: str, *, detected: bool) -> InputError:
    """What a decoder stops at without telling the byte: a byte order mark that is not there."""
    reason = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
    endless = (
        f"; name the order of its bytes, {encoding}-le or {encoding}-be, or"
        if encoding in ("utf-16", "utf-32")
        else ";"
    )
    return InputError(
        f"{name}: the file is not {encoding}, {_how_told(detected)} ({reason}){endless} "
        "leave out --encoding to have it told by the data"
    )


def _how_told(detected: bool) -> str:
    return "as which the file was detected" if detected else "as given by --encoding"


def _not_of(encoding: str, bad: _BadByte, name: str, *, detected: bool) -> InputError:
    return InputError(
        f"{name}:{bad.line}:{bad.column}: the byte 0x{bad.value:02X} is no character in "
        f"{encoding}, {_how_told(detected)}; name the file's encoding with --encoding"
    )

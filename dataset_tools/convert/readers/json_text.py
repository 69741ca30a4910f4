"""A JSON text read value by value from a stream, in memory for one value at a time.

Python's own decoder reads each value; of an array of rows that are all in order, msgspec reads as
many at once as are at hand. ijson, which streams too, replaces half a surrogate pair
with a question mark, keeps the last of two equal keys without a word, and takes gigabytes for a
few hundred thousand brackets.
"""

import codecs
import json
import re
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from dataset_tools.convert.readers.json_row import odd_value, row_of_text, strings_of_row
from dataset_tools.convert.table import Row, RowError
from dataset_tools.errors import InputError
from dataset_tools.json_scanner import scan_line
from dataset_tools.printable import printable

CHUNK = 1024 * 1024
# What is cut off by the end of a chunk shows at most so many characters before it: the start of
# an escape, a word or a sign. Only then does reading on help.
_CUT_OFF = 16
_NEXT_ROW = re.compile(r"[ \t\r\n]*,[ \t\r\n]*\{")
_ROW_END = re.compile(r'[\]}" \t\r\n]*\}$')
_WHITE_SPACE = re.compile(r"[ \t\r\n]*")


class Bytes(Protocol):
    """What is read from: a file, or one of several places in it."""

    def tell(self) -> int: ...

    def read(self, size: int, /) -> bytes: ...


class JsonText:
    """A cursor in a UTF-8 text of JSON."""

    def __init__(self, stream: Bytes, name: str) -> None:
        self.name = name
        self._read = stream.read
        self._start = stream.tell()  # in bytes, of the buffer
        self._line, self._column = 1, 1  # of the buffer's start
        self._buffer, self._at = "", 0
        self._is_whole = False  # whether the buffer reaches the end of the text
        self._decode: Callable[..., str] = codecs.getincrementaldecoder("utf-8")().decode
        self._value_at = 0
        self._boundary = ""  # how a row ends and the next begins, as far as it is alike for all
        self._row_end_in_boundary = 0
        self._may_be_ahead = True  # whether the buffer may hold many rows that are in order
        self._is_odd = False
        self._decode_value: Callable[[str, int], tuple[object, int]] = json.JSONDecoder(
            parse_constant=self._odd_constant, parse_float=self._finite
        ).scan_once  # type: ignore[attr-defined]  # there, but not in the stubs

    def _odd_constant(self, name: str) -> float:
        self._is_odd = True
        return float(name)

    def _finite(self, literal: str) -> float:
        number = float(literal)
        self._is_odd |= number in (float("inf"), float("-inf"))
        return number

    def next_character(self) -> str:
        """The next character that is no white space, left in place; "" at the end."""
        while True:
            self._at = at = _WHITE_SPACE.match(self._buffer, self._at).end()  # type: ignore[union-attr]
            if at < len(self._buffer):
                return self._buffer[at]
            if not self._read_on():
                return ""

    def skip(self, *expected: str) -> str:
        """Go past the next character; raises InputError where it is none of those expected."""
        found = self.next_character()
        if found not in expected or not found:
            wanted = " or ".join(f"'{each}'" for each in expected)
            raise self.stopped(f"malformed JSON: expected {wanted}, found {_shown(found)}")
        self._at += 1
        return found

    def end(self) -> None:
        """Raise InputError unless nothing follows."""
        found = self.next_character()
        if found:
            raise self.stopped(
                f"malformed JSON: expected the end of the file, found {_shown(found)}"
            )

    def value(self) -> object:
        """Read the next value, whatever it is; raises InputError where it is malformed."""
        self.next_character()
        while True:
            try:
                value, end = self._decode_value(self._buffer, self._at)
            except (ValueError, StopIteration, RecursionError) as error:
                if self._may_go_on():
                    continue
                raise self._malformed(error) from None
            # a number at the end of the buffer may go on after it
            if end == len(self._buffer) and self._read_on():
                continue
            self._value_at, self._at = self._at, end
            return value

    def row(self) -> Row | RowError:
        """Read the next value as a row: an object whose keys are all different."""
        self._is_odd = False
        value = self.value()
        if type(value) is dict and not self._is_odd:
            text, start, end = self._buffer, self._value_at, self._at
            quotes = text.count('"', start, end)
            if text.find("\\", start, end) >= 0:
                if self._has_surrogates():
                    return self._exact_row()
                quotes -= text.count('\\"', start, end)
            # a key that stands twice, of which the decoder keeps the last, has quotes of its own
            if quotes == 2 * strings_of_row(value):
                if not self._boundary:
                    self._learn_boundary()
                return value
        return self._exact_row()

    def rows_ahead(self) -> list[Row]:
        """Read as many of an array's rows as are at hand and in order; perhaps none.

        What reads as JSON up to a boundary between two rows ends there: a boundary that is part of
        a string, or of a row, would leave that open.
        """
        if not self._may_be_ahead or not self._boundary:
            return []
        self._may_be_ahead = False
        found = self._buffer.rfind(self._boundary, self._at)
        if found < 0:
            return []
        end = found + self._row_end_in_boundary
        text = f"[{self._buffer[self._at : end]}]"
        try:
            rows = msgspec.json.decode(text, type=list[dict[str, Any]])
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return []
        quotes = text.count('"') - text.count('\\"')
        if quotes != 2 * sum(map(strings_of_row, rows)):
            return []
        self._at = end
        return list(rows)

    def _learn_boundary(self) -> None:
        """Look at what stands between the row just read and the next."""
        following = _NEXT_ROW.match(self._buffer, self._at)
        row_end = _ROW_END.search(self._buffer[max(self._value_at, self._at - _CUT_OFF) : self._at])
        if following is not None and row_end is not None:
            self._row_end_in_boundary = len(row_end.group())
            self._boundary = row_end.group() + following.group()

    def cell(self) -> object:
        """Read the next value as that of one column; a RowError where it is odd."""
        self._is_odd = False
        value = self.value()
        if type(value) is int:
            return value
        odd = odd_value(value) if self._is_odd or self._has_surrogates() else None
        return value if odd is None else RowError(odd)

    def _has_surrogates(self) -> bool:
        """Whether the value just read may spell half a surrogate pair, or whole ones."""
        text, start, end = self._buffer, self._value_at, self._at
        return text.find("\\ud", start, end) >= 0 or text.find("\\uD", start, end) >= 0

    def _exact_row(self) -> Row | RowError:
        def place(at: int) -> str:
            line, column = self._place(self._value_at + at)
            return f"line {line}, column {column}"

        return row_of_text(self._buffer[self._value_at : self._at], place)

    def offset(self) -> int:
        """Where the cursor stands, in bytes of the stream."""
        return self._start + len(self._buffer[: self._at].encode())

    def stopped(self, what: str, at: int | None = None) -> InputError:
        """The error for what stands at the cursor, or at a position of the buffer."""
        at = self._at if at is None else at
        line, column = self._place(at)
        what = printable(what)  # it may quote a key
        return InputError(f"{self.name}:{line}:{column}: {what}; nothing after it can be read")

    def _place(self, at: int) -> tuple[int, int]:
        newlines = self._buffer.count("\n", 0, at)
        if not newlines:
            return self._line, self._column + at
        return self._line + newlines, at - self._buffer.rindex("\n", 0, at)

    def _read_on(self) -> bool:
        """Lengthen the buffer, dropping what is behind the cursor; False at the end."""
        if self._is_whole:
            return False
        done = self._buffer[: self._at]
        # a value far longer than a chunk is tried again only each time its text has doubled
        chunk = self._read(max(CHUNK, len(self._buffer) - self._at))
        self._line, self._column = self._place(self._at)
        self._start += len(done) if done.isascii() else len(done.encode())
        self._buffer = self._buffer[self._at :] + self._decode(chunk, final=not chunk)
        self._at = 0
        self._is_whole = not chunk
        self._may_be_ahead = True
        return True

    def _may_go_on(self) -> bool:
        """Read on where the value is sound as far as the buffer reaches; False where it is not."""
        if self._is_whole:
            return False
        scan = scan_line(self._buffer[self._at :])
        stopped = scan.syntax_error or scan.unreadable
        if stopped is not None and stopped.at < len(self._buffer) - self._at - _CUT_OFF:
            # what follows a whole value is another's business
            return False
        return self._read_on()

    def _malformed(self, error: Exception) -> InputError:
        text = self._buffer[self._at :]
        scan = scan_line(text)
        stopped = scan.syntax_error or scan.unreadable
        if stopped is None:
            return self.stopped(str(error))
        malformed = "malformed JSON: " if scan.syntax_error else ""
        what = malformed + stopped.what.replace("end of the line", "end of the file")
        return self.stopped(what, self._at + stopped.at)


def _shown(character: str) -> str:
    return repr(character) if character else "the end of the file"

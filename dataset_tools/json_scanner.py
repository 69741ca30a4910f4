"""An exact reading of one JSON line: RFC 8259's verdict, with the place of everything odd.

Fast parsers say yes or no. This one is called on the lines they refuse, and where a finding needs
a column: it names where parsing stopped, every duplicate key, every NaN or Infinity and every
number too long to read, and where each top-level key and value stands. It keeps its own stack, so
no nesting depth can crash it. Positions are 0-based characters of the line.
"""

import re
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]  # there, but not in the stubs
from typing import Literal

from msgspec import Struct, field

from dataset_tools.quotes import quotable

MAX_DEPTH = 500  # Python's json gives up near 1,000 and orjson at 1,024; data has no use for either
MAX_NUMBER_LENGTH = 4300  # digits; int() refuses more (sys.int_info.default_max_str_digits)

_WHITESPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORD = re.compile(r"-?[A-Za-z]+")
_HEX = "[0-9a-fA-F]"
_SPELT_CHARACTER = (
    rf"(?:[^\\]|\\(?:u[dD][89abAB]{_HEX}{{2}}\\u[dD][c-fC-F]{_HEX}{{2}}|u{_HEX}{{4}}|.)?)"
)
# a string's content, sound up to the text's end
_ENDS_OPEN = re.compile(r'(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+\Z')
_ONE = re.compile(_SPELT_CHARACTER, re.DOTALL)
_MANY = 1000  # in one step, for a text of millions has no time for a step each
_MANY_AT_ONCE = re.compile(f"{_SPELT_CHARACTER}{{{_MANY}}}+", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_LITERALS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_NOT_JSON_CONSTANTS = {name: float(name) for name in ("NaN", "Infinity", "-Infinity")}


class Container(Struct, frozen=True):
    """Stands for a nested array or object, whose content no rule looks at."""

    kind: Literal["array", "object"]


Scalar = str | int | float | bool | None
Value = Scalar | Container


def type_name(value: object) -> str:
    """JSON's name for the type of a value."""
    if isinstance(value, Container):
        return f"an {value.kind}"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "a string" if isinstance(value, str) else "a number"


class Member(Struct, frozen=True):
    """A top-level key and its value, and where they stand."""

    key: str
    key_at: int
    value: Value
    value_at: int
    value_end: int


class Oddity(Struct, frozen=True):
    """Something a parser may let through, at a position."""

    at: int
    what: str


class Scan(Struct):
    """What one line holds; `syntax_error` or `unreadable` says where the reading stopped."""

    value: Value = None
    members: list[Member] = field(default_factory=list)
    duplicate_keys: list[Oddity] = field(default_factory=list)
    constants: list[Oddity] = field(default_factory=list)
    syntax_error: Oddity | None = None
    unreadable: Oddity | None = None


class _StoppedError(Exception):
    def __init__(self, at: int, what: str) -> None:
        super().__init__(what)
        self.oddity = Oddity(at, what)


class _UnreadableError(_StoppedError):
    pass


def scan_line(text: str) -> Scan:
    """Read a line that should hold one JSON value; never raises, whatever the text."""
    scan = Scan()
    try:
        _Scanner(text, scan).read_document()
    except _UnreadableError as stopped:
        scan.unreadable = stopped.oddity
    except _StoppedError as stopped:
        scan.syntax_error = stopped.oddity
    return scan


def position_in_literal(text: str, literal_at: int, offset: int) -> int:
    """Where the character `offset` of a decoded string stands in the line that spells it.

    `literal_at` is the position of the opening quote. Escapes are several characters of the line
    and one of the string; a surrogate pair of escapes is one as well.
    """
    position = literal_at + 1
    many, few = divmod(offset, _MANY)
    for spelling, times in ((_MANY_AT_ONCE, many), (_ONE, few)):
        for _ in range(times):
            match = spelling.match(text, position)
            if match is None:
                break
            position = match.end()
    return position


class _Frame(Struct):
    """An open array or object."""

    kind: Literal["array", "object"]
    keys: set[str] = field(default_factory=set)
    has_items: bool = False


class _Scanner:
    def __init__(self, text: str, scan: Scan) -> None:
        self.text = text
        self.scan = scan
        self.stack: list[_Frame] = []

    def read_document(self) -> None:
        at = self._skip_whitespace(0)
        self.scan.value, end = self._read_value(at)
        at = self._skip_whitespace(end)
        if at < len(self.text):
            carriage_return = self.text.find("\r", end, at)
            if carriage_return >= 0:
                what = r"expected '\n' at the end of the line, found '\r' alone"
                raise _StoppedError(carriage_return, what)
            raise _StoppedError(
                at, f"expected the line to end after the value, found {self._found(at)}"
            )

    def _read_value(self, at: int) -> tuple[Value, int]:
        """The value at this position; containers are walked with a stack, not by recursion."""
        value, at = self._open_or_scalar(at)
        if not self.stack:
            return value, at
        outermost = value
        pending: tuple[str, int, int] | None = None  # key, its place and its value's, at the top
        while self.stack:
            frame = self.stack[-1]
            at = self._skip_whitespace(at)
            closer = "}" if frame.kind == "object" else "]"
            if self.text.startswith(closer, at):
                at += 1
                self.stack.pop()
                if len(self.stack) == 1 and pending is not None:
                    self._add_member(pending, Container(frame.kind), at)
                    pending = None
                continue
            at = self._next_item(frame, at, closer)
            key_place = None
            if frame.kind == "object":
                key, key_at, at = self._read_key(frame, at)
                key_place = (key, key_at, at)
            depth = len(self.stack)
            value, at = self._open_or_scalar(at)
            if depth == 1 and key_place is not None:
                if len(self.stack) > depth:
                    pending = key_place
                else:
                    self._add_member(key_place, value, at)
        return outermost, at

    def _next_item(self, frame: _Frame, at: int, closer: str) -> int:
        """The position of the container's next key or value, behind its comma."""
        if frame.has_items:
            if not self.text.startswith(",", at):
                raise _StoppedError(at, f"expected ',' or '{closer}', found {self._found(at)}")
            at = self._skip_whitespace(at + 1)
            if self.text.startswith(closer, at):
                raise _StoppedError(
                    at, f"expected {self._item_name(frame)} after ',', found '{closer}'"
                )
        frame.has_items = True
        return at

    def _read_key(self, frame: _Frame, at: int) -> tuple[str, int, int]:
        """An object's key, its position and its value's."""
        if not self.text.startswith('"', at):
            raise _StoppedError(
                at, f"expected {self._item_name(frame)} in double quotes, found {self._found(at)}"
            )
        key, end = self._read_string(at)
        if key in frame.keys:
            self.scan.duplicate_keys.append(Oddity(at, key))
        frame.keys.add(key)
        colon = self._skip_whitespace(end)
        if not self.text.startswith(":", colon):
            raise _StoppedError(
                colon, f"expected ':' after the key '{quotable(key)}', found {self._found(colon)}"
            )
        return key, at, self._skip_whitespace(colon + 1)

    def _open_or_scalar(self, at: int) -> tuple[Value, int]:
        """Read a scalar, or push the container that opens here."""
        character = self.text[at : at + 1]
        if character == '"':
            return self._read_string(at)
        if character in ("{", "["):
            if len(self.stack) >= MAX_DEPTH:
                raise _UnreadableError(at, f"nested more than {MAX_DEPTH} levels deep")
            kind: Literal["array", "object"] = "object" if character == "{" else "array"
            self.stack.append(_Frame(kind))
            return Container(kind), at + 1
        number = _NUMBER.match(self.text, at)
        word = _WORD.match(self.text, at)
        if word is not None and word.group() in _NOT_JSON_CONSTANTS:
            self.scan.constants.append(Oddity(at, word.group()))
            return _NOT_JSON_CONSTANTS[word.group()], word.end()
        if number is not None:
            return self._number(number, at), number.end()
        if word is not None and word.group() in _LITERALS:
            return _LITERALS[word.group()], word.end()
        raise _StoppedError(at, f"expected a value, found {self._found(at)}")

    def _number(self, match: re.Match[str], at: int) -> int | float:
        literal = match.group()
        if len(literal) > MAX_NUMBER_LENGTH:
            raise _UnreadableError(
                at, f"a number of {len(literal)} characters, more than {MAX_NUMBER_LENGTH}"
            )
        is_integer = match.group(1) is None and match.group(2) is None
        return int(literal) if is_integer else float(literal)

    def _read_string(self, at: int) -> tuple[str, int]:
        try:
            return scanstring(self.text, at + 1)  # type: ignore[no-any-return]
        except JSONDecodeError as error:
            raise self._bad_string(error, at) from None

    def _bad_string(self, error: JSONDecodeError, at: int) -> _StoppedError:
        # after \uXXXX at the end of the text, Python's reader blames the escape
        if error.msg.startswith("Unterminated string") or _ENDS_OPEN.match(self.text, at + 1):
            what = f"the string that starts in column {at + 1} is not closed"
            return _StoppedError(len(self.text), what)
        if error.msg.startswith("Invalid control character"):
            character = self.text[error.pos]
            what = f"the control character {character!r} in a string must be written as an escape"
            return _StoppedError(error.pos, what)
        escape_at = self.text.rindex("\\", 0, error.pos + 1)
        length = 6 if self.text[escape_at + 1] == "u" else 2
        escape = self.text[escape_at : escape_at + length]
        return _StoppedError(escape_at, f"'{escape}' is not a valid escape")

    def _add_member(self, place: tuple[str, int, int], value: Value, end: int) -> None:
        key, key_at, value_at = place
        if self.stack and self.stack[0].kind == "object":
            self.scan.members.append(Member(key, key_at, value, value_at, end))

    def _item_name(self, frame: _Frame) -> str:
        return "a key" if frame.kind == "object" else "a value"

    def _skip_whitespace(self, at: int) -> int:
        match = _WHITESPACE.match(self.text, at)
        return match.end() if match else at

    def _found(self, at: int) -> str:
        if at >= len(self.text):
            return "the end of the line"
        character = self.text[at]
        return f"'{character}'" if character.isprintable() else repr(character)


def has_lone_surrogate(text: str) -> bool:
    """Whether a decoded string holds half a surrogate pair, which no tokenizer can encode."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def lone_surrogate_at(text: str) -> int | None:
    """The index of the string's first lone surrogate; a whole pair decodes to one character."""
    match = _SURROGATE.search(text)
    return match.start() if match else None

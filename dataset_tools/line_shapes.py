"""Line shapes: which odd lines are alike, told without an exact look at each.

In lines of one shape every rule about single lines finds equally many problems, and all of them
hold a record, or none does. So the exact look at one of them tells for all, but for the places.
"""

from functools import cache, cached_property
from json import JSONDecoder
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from dataset_tools.byte_scan import WORD, places_of
from dataset_tools.json_scanner import MAX_DEPTH, MAX_NUMBER_LENGTH, has_lone_surrogate
from dataset_tools.lines import LineBatch
from dataset_tools.numpy_loading import numpy_module
from dataset_tools.records import is_valid_weight

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dataset_tools.byte_scan import Positions

REFUSED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_FEW = 8  # refused lines of a batch take less time one by one than a scan for what is doubtful
_MALFORMED_MESSAGES = ("JSON is malformed", "Input data was truncated")


class LineShape(NamedTuple):
    """What a line has in common with others."""

    reading: Literal["blank", "not UTF-8", "malformed", "strict", "lenient"]
    keys: tuple[str, ...] = ()  # of the lenient reading, with those that stand twice
    kinds: tuple[type, ...] = ()  # of their values, or of the one value that is no object
    has_valid_weight: bool = False
    broken_strings: tuple[int, ...] = ()  # which keys and values hold half a surrogate pair


class LineLook(NamedTuple):
    """The shape of a line, None where it takes the exact look, and its row where it has one."""

    shape: LineShape | None = None
    row: dict[str, Any] | None = None

    @property
    def is_lenient(self) -> bool:
        """Whether a strict parser has refused the line, or kept something back."""
        return self.shape is not None and self.shape.reading == "lenient"


class _Constant:
    """Stands for NaN, Infinity and -Infinity."""


_CONSTANTS = {name: _Constant() for name in ("NaN", "Infinity", "-Infinity")}
# an object is read as a tuple of its members, for of equal keys a dictionary keeps one
_lenient_decoder = JSONDecoder(object_pairs_hook=tuple, parse_constant=_CONSTANTS.__getitem__)
_read_members = _lenient_decoder.scan_once  # type: ignore[attr-defined]  # as above
_LINE_ENDINGS = ("\n", "\r\n", "")
_BLANK = LineLook(LineShape("blank"))
_NOT_UTF8 = LineLook(LineShape("not UTF-8"))
_MALFORMED = LineLook(LineShape("malformed"))
_TAKES_EXACT_LOOK = LineLook()


class LineShapes:
    """Tells the shapes of the lines of one batch."""

    def __init__(self, lines: LineBatch) -> None:
        self._first_number = lines.first_number
        self._scan = lines.byte_scan
        self._refused = 0

    def of_refused(self, number: int, content: bytes, refusal: Exception) -> LineLook:
        """The shape of a line that a strict parser refuses."""
        try:
            content.decode()
        except UnicodeDecodeError:
            return _NOT_UTF8
        if not content.strip(b" \t\r\n"):
            return _BLANK
        self._refused += 1
        is_malformed = str(refusal).startswith(_MALFORMED_MESSAGES)
        if self._refused <= _FEW or not is_malformed or number in self._doubtful_lines:
            return self.of_members(number, content)
        is_deep = self._openers[number - self._first_number] > MAX_DEPTH
        return _TAKES_EXACT_LOOK if is_deep or may_hold_a_long_number(content) else _MALFORMED

    def of_members(self, number: int, content: bytes) -> LineLook:
        """The shape of an object that may hold a key twice, or values that are not quite JSON.

        None also where it holds other objects or arrays, or is none itself.
        """
        try:
            text = content.decode()
            members, end = _read_members(text, 0)
        except (ValueError, StopIteration, RecursionError):
            return _TAKES_EXACT_LOOK
        if type(members) is not tuple or not members or text[end:] not in _LINE_ENDINGS:
            return _TAKES_EXACT_LOOK
        keys, values = zip(*members, strict=True)
        kinds = tuple(map(type, values))
        if tuple in kinds or list in kinds or may_hold_a_long_number(content):
            return _TAKES_EXACT_LOOK
        row = dict(members)
        is_broken = number in self._lines_with_surrogates
        shape = LineShape(
            "lenient",
            keys,
            kinds,
            "weight" in row and is_valid_weight(row["weight"]),
            _broken_strings(row) if is_broken else (),
        )
        return LineLook(shape, row)

    @cached_property
    def _openers(self) -> list[int]:
        """How many brackets and braces, which may open a container, each line holds."""
        scan = self._scan
        openers = places_of(scan.array | 0x20 == ord("{"))
        counts = numpy_module().bincount(scan.lines_of(openers), minlength=len(scan.line_ends))
        return counts.tolist()  # type: ignore[no-any-return]

    @cached_property
    def _doubtful_lines(self) -> set[int]:
        """Where more may be wrong than that the line is malformed, or something else."""
        doubts = numpy_module().concatenate([*self._constants(), *self._doubtful_keys()])
        return self._lines_with_surrogates | self._numbers_of(doubts)

    @cached_property
    def _lines_with_surrogates(self) -> set[int]:
        return self._numbers_of(self._scan.surrogate_escapes)

    def _numbers_of(self, positions: "Positions") -> set[int]:
        """The numbers of the lines that the bytes stand in."""
        return set((self._scan.lines_of(positions) + self._first_number).tolist())

    def _constants(self) -> "list[Positions]":
        """Where NaN and Infinity may stand."""
        scan = self._scan
        found = []
        for first, second, third in (b"NaN", b"Inf"):
            places = places_of(scan.array == first)
            found.append(places[(scan.at(places + 1) == second) & (scan.at(places + 2) == third)])
        return found

    def _doubtful_keys(self) -> "list[Positions]":
        """Where keys may stand that stand twice in their line, or are spelt with escapes.

        A mistake may follow right behind a key, so that it is told by what stands before it.
        """
        scan, numpy = self._scan, numpy_module()
        delimiters = scan.string_delimiters
        before, further = scan.at(delimiters - 1), scan.at(delimiters - 2)
        is_spaced = before <= ord(" ")
        is_far = is_spaced & (further <= ord(" "))  # from anything, as hardly anyone writes
        before[is_spaced] = further[is_spaced]
        openers = ((before == ord("{")) | (before == ord(",")))[:-1].nonzero()[0]
        starts, ends = delimiters[openers] + 1, delimiters[openers + 1]
        escapes = numpy.searchsorted(scan.backslashes, (starts, ends))
        is_escaped = escapes[0] != escapes[1]
        lengths = ends - starts
        words = scan.words(starts) & _low_bytes()[lengths.clip(max=WORD)]
        # unequal ones may agree in all of this, which is a doubt too many and does no harm
        identities = words * 31 + lengths * 1_000_003 + scan.lines_of(starts) * 1_000_000_007
        order = identities.argsort()
        is_repeated = numpy.diff(identities[order]) == 0
        return [delimiters[is_far], starts[is_escaped], starts[order[1:][is_repeated]]]


def look_at_value(value: object) -> LineLook:
    """The shape of a line whose value a strict parser gives, with no key twice."""
    if type(value) is not dict:
        return LineLook(LineShape("strict", kinds=(type(value),)))
    kinds = tuple(map(type, value.values()))
    shape = LineShape("strict", tuple(value), kinds, is_valid_weight(value.get("weight")))
    return LineLook(shape, value)


def may_hold_a_long_number(content: bytes) -> bool:
    """Whether there are digits enough for a number too long to read."""
    if len(content) <= MAX_NUMBER_LENGTH:
        return False
    digits = len(content) - len(content.translate(None, b"0123456789"))
    # a number's other characters are two signs, a point and an e
    return digits > MAX_NUMBER_LENGTH - 4


def _broken_strings(row: dict[str, Any]) -> tuple[int, ...]:
    """Which of the keys, and then of the values, are strings with half a surrogate pair."""
    return tuple(
        place
        for place, each in enumerate((*row, *row.values()))
        if isinstance(each, str) and has_lone_surrogate(each)
    )


@cache
def _low_bytes() -> "NDArray[np.int64]":
    """For each number of bytes up to a word, the mask of so many of its first."""
    numpy = numpy_module()
    masks = [(1 << 8 * count) - 1 for count in range(WORD + 1)]
    return numpy.array(masks, "u8").view("i8")  # type: ignore[no-any-return]

r"""A look at the raw bytes of many lines at once, for what parsing hides and what is rare.

Parsers keep the last of two equal keys without a word, and a search for control characters in
decoded texts costs more than the parsing. Both show in the bytes: the quotes that open and close
strings tell how many strings an object has, and a character worth a second look is an escape, or
the start of a byte sequence, from a short list. Vectorised, that takes about half as long as
parsing does.
"""

import json
from functools import cache, cached_property
from typing import TYPE_CHECKING

from dataset_tools.numpy_loading import numpy_module

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Positions = NDArray[np.intp]

# Characters that text has no use for, or seldom; DT204 decides on each.
ODD_RANGES = (
    (0x00, 0x08), (0x0B, 0x0C), (0x0E, 0x1F), (0x7F, 0x9F),  # controls but tab and newlines
    (0xAD, 0xAD), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F),  # invisible
    (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFF),  # byte order mark, replacement, no characters
)  # fmt: skip
# First characters of UTF-8 read as Latin-1 or Windows-1252; odd before one beyond ASCII.
MOJIBAKE_LEADS = (0xC2, 0xC3, 0xE2, 0xEF, 0xF0)  # Â Ã â ï ð

# Zero-width characters of scripts beyond Latin and of emoji; odd beside Latin letters and signs.
JOINERS = (0x200B, 0x200C, 0x200D)
ZERO_WIDTH_SPACE = 0x200B
# It parts the words of scripts that write none: Thai, Lao, Tibetan, Burmese, Khmer, the Tai
# scripts, Balinese, Sundanese, Chinese and Japanese, Javanese, Cham; it is odd in all others.
SPACELESS_RANGES = (
    (0x0E00, 0x109F), (0x1780, 0x17FF), (0x1950, 0x19FF), (0x1A20, 0x1AAF), (0x1B00, 0x1BBF),
    (0x2E80, 0x9FFF), (0xA980, 0xAADF), (0xF900, 0xFAFF), (0xFF00, 0xFFEF), (0x20000, 0x3FFFF),
)  # fmt: skip
FIRST_BEYOND_LATIN = 0x0250
_LAST_LATIN_LEAD = 0xC9  # the first byte, in UTF-8, of characters up to U+024F

# Roughly by frequency in JSON of English text; what is not listed is rarer.
_COMMON_BYTES = b'zqxjkvbpgywfmucldhrsnioate-.,n\\":' + b" "
BACKSLASH = ord("\\")
_NEWLINE = ord("\n")
# what a quote and a newline have in common, so that one look finds both, with asterisks and 0x02
_ALIKE_BITS = 0xFF & ~(ord('"') ^ _NEWLINE)
_FIRST_LEAD = 0xC2  # the first byte of a UTF-8 sequence, none below
WORD = 8  # bytes
_WORD_SHIFT = 3  # positions of bytes to those of words, faster than a division


class ByteScan:
    """The bytes of consecutive lines as one array; what it tells holds for lines that are JSON."""

    def __init__(self, block: bytes) -> None:
        numpy = numpy_module()
        self.block = block
        self.array: NDArray[np.uint8] = numpy.frombuffer(block, numpy.uint8)
        # one search for all, since searching costs more than telling them apart
        is_wanted = (self.array & _ALIKE_BITS) == _NEWLINE & _ALIKE_BITS
        is_wanted |= self.array == BACKSLASH
        if not block.isascii():
            is_wanted |= self.array >= _FIRST_LEAD
        found = places_of(is_wanted)
        bytes_there = self.array.take(found)
        self.quotes: Positions = found.compress(bytes_there == ord('"'))
        self.newlines: Positions = found.compress(bytes_there == _NEWLINE)
        self.leads: Positions = found.compress(bytes_there >= _FIRST_LEAD)  # of UTF-8 sequences
        # those that begin escapes
        self.backslashes = _without_escaped(found.compress(bytes_there == BACKSLASH))
        self.escaped: NDArray[np.uint8] = self.at(self.backslashes + 1)
        self.escape_letters = self.escaped.tobytes()  # the same, to be searched

    def at(self, positions: "Positions") -> "NDArray[np.uint8]":
        """The bytes there; beyond the lines, the nearest byte."""
        return self.array.take(positions, mode="clip")

    def words(self, positions: "Positions") -> "NDArray[np.int64]":
        """Eight bytes from each position on as one number, the first byte the lowest.

        Positions are ascending; beyond the lines are zeros.
        """
        words, last = self._words, len(self._words) - 1
        if not len(positions) or (positions[0] >= 0 and positions[-1] <= last):
            return words[positions]
        inside = positions.clip(0, last)
        bits = 8 * (positions - inside)
        found = words[inside].view("u8")
        found = found >> bits.clip(0).view("u8") << (-bits).clip(0).view("u8")
        return found.view("i8")  # type: ignore[no-any-return]

    @cached_property
    def _words(self) -> "NDArray[np.int64]":
        """The eight bytes from every byte on, but for the last ones; takes no memory."""
        block = self.block.ljust(WORD, b"\0")
        return numpy_module().ndarray(len(block) - WORD + 1, "<i8", block, strides=1)  # type: ignore[no-any-return]

    @cached_property
    def line_ends(self) -> "Positions":
        """The positions behind the lines, in order."""
        numpy = numpy_module()
        ends = self.newlines + 1
        has_open_end = self.block != b"" and not self.block.endswith(b"\n")
        return numpy.append(ends, len(self.block)) if has_open_end else ends

    @cached_property
    def line_starts(self) -> "Positions":
        """The positions at which the lines start, in order."""
        starts = numpy_module().empty_like(self.line_ends)
        starts[:1] = 0
        starts[1:] = self.line_ends[:-1]
        return starts  # type: ignore[no-any-return]

    @cached_property
    def string_delimiters(self) -> "Positions":
        """Where the quotes stand that open and close strings."""
        if b'"' not in self.escape_letters:
            return self.quotes
        numpy = numpy_module()
        escaped_quotes = self.backslashes[self.escaped == ord('"')] + 1
        is_delimiter = numpy.ones(len(self.quotes), numpy.bool_)
        is_delimiter[numpy.searchsorted(self.quotes, escaped_quotes)] = False
        return self.quotes[is_delimiter]  # type: ignore[no-any-return]

    def count_strings_by_line(self) -> list[int]:
        """How many JSON strings each line holds, keys included."""
        counts = numpy_module().bincount(
            self.lines_of(self.string_delimiters), minlength=len(self.line_ends)
        )
        return (counts // 2).tolist()  # type: ignore[no-any-return]

    def count_character(self, character: str) -> int | None:
        """How often the lines hold an ASCII character that JSON needs no escape for.

        None where they may spell it otherwise.
        """
        return None if self._has_unusual_spelling else self._count_byte(ord(character))

    def count_line_starts(self, character: str) -> int | None:
        """How often, in strings, a line break is followed by a character.

        One of ASCII that JSON needs no escape for. None where the lines may spell them otherwise.
        """
        if self._has_unusual_spelling:
            return None
        breaks = self.backslashes.compress(self.escaped == ord("n"))
        return int(numpy_module().count_nonzero(self.at(breaks + 2) == ord(character)))

    def count_pair(self, pair: str) -> int | None:
        """How often the lines hold two ASCII characters that JSON needs no escape for, in a row.

        Overlapping ones count. None where the lines may spell them otherwise.
        """
        if self._has_unusual_spelling:
            return None
        wanted = int.from_bytes(pair.encode(), "little")
        count_nonzero = numpy_module().count_nonzero
        even, odd = self.array, self.array[1:]  # where the pairs may start
        halves = (each[: len(each) // 2 * 2].view("<u2") for each in (even, odd))
        return sum(int(count_nonzero(half == wanted)) for half in halves)

    def count_text(self, text: str) -> int | None:
        r"""How often the lines spell a text, at least; None where they may spell it otherwise.

        JSON has one usual spelling for a text of ASCII characters. Others (`\u0023`, `\/`) are
        rare enough to give up on, and so are control characters, as `\u001b` is `\u001B` as well.
        """
        spelling = json.dumps(text, ensure_ascii=False)[1:-1].encode(errors="surrogatepass")
        if not text.isascii() or b"\\u" in spelling or self._has_unusual_spelling:
            return None
        place = spelling.index(rarest_byte(spelling))
        starts = places_of(self.array == spelling[place]) - place
        starts = starts[(starts >= 0) & (starts <= len(self.array) - len(spelling))]
        for offset, byte in enumerate(spelling):
            if offset != place:
                starts = starts[self.array[starts + offset] == byte]
        return len(starts)

    def may_hold(self, character: str, outside: int = 0) -> bool:
        """Whether a string of the lines may hold an ASCII character that JSON needs no escape for.

        `outside` tells how often it is known to stand outside strings.
        """
        if outside:
            is_there = self._count_byte(ord(character)) > outside
        else:
            is_there = character.encode() in self.block
        return is_there or self._has_unusual_spelling

    def _count_byte(self, byte: int) -> int:
        # bytes.count looks at each byte by itself, for what is not rare ten times as slow
        return int(numpy_module().count_nonzero(self.array == byte))

    @cached_property
    def odd_characters(self) -> "Positions":
        """Where odd characters may be spelt; those of ASCII are."""
        odd = [*self._odd_escapes(), *self._odd_bytes()]
        return numpy_module().concatenate(odd) if odd else self.backslashes[:0]

    def lines_with_odd_characters(self) -> list[int]:
        """The indices of the lines that may spell an odd character, ascending."""
        positions = self.odd_characters
        return sorted(set(self.lines_of(positions).tolist())) if len(positions) else []

    @cached_property
    def _unicode_escapes(self) -> "tuple[Positions, NDArray[np.int32]]":
        r"""Where escapes `\uXXXX` stand, and their codes."""
        positions = self.backslashes[self.escaped == ord("u")]
        digits, value = self.words(positions + 2), _hex_values()
        return positions, value[digits & 0xFFFF] << 8 | value[digits >> 16 & 0xFFFF]

    @property
    def surrogate_escapes(self) -> "Positions":
        r"""Where escapes `\uXXXX` of half a surrogate pair stand, be it whole or not."""
        positions, codes = self._unicode_escapes
        return positions.compress(codes & 0xF800 == 0xD800)

    @cached_property
    def may_spell_space(self) -> bool:
        r"""Whether a `\uXXXX` may stand for white space of ASCII."""
        _, codes = self._unicode_escapes
        return self._has_unusual_spelling or bool((codes == ord("\v")).any())

    @cached_property
    def _has_unusual_spelling(self) -> bool:
        """Whether an ASCII character may be spelt with an escape that it does not need."""
        _, codes = self._unicode_escapes
        return b"/" in self.escape_letters or bool(_is_needless_escape()[codes].any())

    def _odd_escapes(self) -> "list[Positions]":
        r"""Escapes of odd characters: `\b`, `\f` and some `\uXXXX`."""
        numpy = numpy_module()
        controls = [
            self.backslashes[self.escaped == ord(letter)]
            for letter in "bf"
            if letter.encode() in self.escape_letters
        ]
        positions, codes = self._unicode_escapes
        kinds = _kinds()[codes]
        if not kinds.any():
            return controls
        is_odd = (kinds == _ODD) | ((kinds == _LEAD) & self._is_beyond_ascii(positions + 6))
        if (is_joiner := kinds == _JOINER).any():
            # a joiner is none between two escapes of characters that are not Latin
            is_foreign = (codes >= FIRST_BEYOND_LATIN) & ~is_joiner
            is_next = numpy.diff(positions) == 6
            foreign_before = numpy.append(False, is_foreign[:-1] & is_next)
            foreign_after = numpy.append(is_foreign[1:] & is_next, False)
            is_odd |= is_joiner & ~(foreign_before & foreign_after)
            # between such, a space needs one whose script writes none
            is_spaceless = numpy.pad(_is_spaceless()[codes], 1)  # with the codes before and behind
            is_odd |= (codes == ZERO_WIDTH_SPACE) & ~(is_spaceless[:-2] | is_spaceless[2:])
        return [*controls, positions[is_odd]]

    def _odd_bytes(self) -> "list[Positions]":
        """Raw bytes of odd characters: DEL, and UTF-8 sequences of two and three bytes."""
        numpy = numpy_module()
        found = [places_of(self.array == 0x7F)] if b"\x7f" in self.block else []
        if not len(self.leads):
            return found
        words = self.words(self.leads)
        may_be_odd = _starts_of_odd()[words & 0xFFFF].nonzero()[0]
        words = words[may_be_odd]
        pairs = (words & 0x1F) << 6 | words >> 8 & 0x3F
        is_pair = words & 0x20 == 0
        codes = numpy.where(is_pair, pairs, pairs << 6 | words >> 16 & 0x3F)
        kinds = _kinds()[codes]
        if not kinds.any():
            return found
        leads = self.leads[may_be_odd]
        behind = leads + numpy.where(is_pair, 2, 3)
        is_odd = (kinds == _ODD) | ((kinds == _LEAD) & self._is_beyond_ascii(behind))
        if (is_joiner := kinds == _JOINER).any():
            is_odd |= is_joiner & (self._ends_latin(leads - 1) | self._starts_latin(behind))
            is_space = codes == ZERO_WIDTH_SPACE
            before, after = leads[is_space] - 3, behind[is_space]
            is_odd[is_space] |= ~(self._are_spaceless(before) | self._are_spaceless(after))
        return [*found, leads[is_odd]]

    def _are_spaceless(self, positions: "Positions") -> "NDArray[np.bool_]":
        """Whether characters of three bytes stand here whose scripts write no spaces."""
        words = self.words(positions)
        codes = (words & 0xF) << 12 | (words >> 8 & 0x3F) << 6 | words >> 16 & 0x3F
        return (words & 0xF0 == 0xE0) & _is_spaceless()[codes]  # type: ignore[no-any-return]

    def _is_beyond_ascii(self, positions: "Positions") -> "NDArray[np.bool_]":
        """Whether characters beyond ASCII start here, raw or escaped."""
        there = self.at(positions)
        return (there >= 0x80) | (there == BACKSLASH)  # type: ignore[no-any-return]

    def _starts_latin(self, positions: "Positions") -> "NDArray[np.bool_]":
        """Whether characters up to U+024F may start here; those beyond have other lead bytes."""
        return self.at(positions) <= _LAST_LATIN_LEAD

    def _ends_latin(self, positions: "Positions") -> "NDArray[np.bool_]":
        """Whether characters up to U+024F may end here."""
        before = self.array[positions - 1]
        is_pair = (before >= 0xC2) & (before <= _LAST_LATIN_LEAD)
        return (self.array[positions] < 0x80) | is_pair

    def lines_of(self, positions: "Positions") -> "Positions":
        """The index of the line that each byte stands in."""
        numpy = numpy_module()
        return numpy.searchsorted(self.line_ends, positions, side="right")  # type: ignore[no-any-return]


def places_of(flags: "NDArray[np.bool_]") -> "Positions":
    """Where flags are set, in order; for many of which few are, thrice as fast as `nonzero`.

    A word of eight flags is told to be zero as fast as one flag is.
    """
    numpy = numpy_module()
    whole = len(flags) // WORD * WORD
    words = flags[:whole].view("u8")
    not_zero = (words != 0).nonzero()[0]
    found = words.take(not_zero).view("?").nonzero()[0]
    places = not_zero.take(found >> _WORD_SHIFT)
    places <<= _WORD_SHIFT
    found &= WORD - 1
    places += found
    rest = flags[whole:].nonzero()[0]
    return numpy.append(places, rest + whole) if len(rest) else places  # type: ignore[no-any-return]


def rarest_byte(text: bytes) -> int:
    """The byte of a text that JSON of English text holds least often."""
    return min(text, key=_COMMON_BYTES.find)


def _without_escaped(backslashes: "Positions") -> "Positions":
    """Those that begin an escape: in a run of backslashes, each second one is escaped itself."""
    numpy = numpy_module()
    followers = (backslashes[1:] == backslashes[:-1] + 1).nonzero()[0] + 1
    if not len(followers):
        return backslashes
    ordinals = numpy.arange(len(followers))
    begins_run = numpy.append(True, followers[1:] != followers[:-1] + 1)
    first_of_run = numpy.maximum.accumulate(numpy.where(begins_run, ordinals, 0))
    is_escaped = (ordinals - first_of_run) % 2 == 0
    begins_escape = numpy.ones(len(backslashes), numpy.bool_)
    begins_escape[followers[is_escaped]] = False
    return backslashes.compress(begins_escape)


_ODD, _LEAD, _JOINER = 1, 2, 3


@cache
def _kinds() -> "NDArray[np.uint8]":
    """For each UTF-16 code unit: 0, odd, or odd beside certain others."""
    kinds = numpy_module().zeros(0x10000, "u1")
    for first, last in ODD_RANGES:
        kinds[first : last + 1] = _ODD
    kinds[list(MOJIBAKE_LEADS)] = _LEAD
    kinds[list(JOINERS)] = _JOINER
    return kinds  # type: ignore[no-any-return]


@cache
def _is_spaceless() -> "NDArray[np.bool_]":
    """For each UTF-16 code unit, whether it is a character of a script that writes no spaces."""
    is_spaceless = numpy_module().zeros(0x10000, bool)
    for first, last in SPACELESS_RANGES:
        is_spaceless[first : last + 1] = True
    return is_spaceless  # type: ignore[no-any-return]


@cache
def _is_needless_escape() -> "NDArray[np.bool_]":
    r"""For each code of an escape `\uXXXX`, whether ASCII has another spelling."""
    is_needless = numpy_module().zeros(0x10000, bool)
    is_needless[0x20:0x80] = True
    is_needless[list(b"\b\t\n\f\r")] = True
    return is_needless  # type: ignore[no-any-return]


@cache
def _starts_of_odd() -> "NDArray[np.bool_]":
    """For two bytes as a number, whether a UTF-8 sequence with that start can be of some kind."""
    starts = numpy_module().zeros(0x10000, bool)
    for code in numpy_module().flatnonzero(_kinds()).tolist():
        if not 0xD800 <= code < 0xE000:
            starts[int.from_bytes(chr(code).encode()[:2], "little")] = True
    return starts  # type: ignore[no-any-return]


@cache
def _hex_values() -> "NDArray[np.int64]":
    """For two bytes as a number, the value that they spell in hexadecimal digits."""
    values = numpy_module().zeros(256, "i8")
    for digit in b"0123456789abcdefABCDEF":
        values[digit] = int(chr(digit), 16)
    return (values << 4 | values[:, None]).ravel()  # type: ignore[no-any-return]

r"""Value edges: how the string values of a batch's lines begin and end, told from their raw bytes.

What most rules ask of a text, they ask of its first or last characters. For thousands of values at
once the bytes beside their quotes give the answer in a few vectorised comparisons. All answers err
to one side: a value whose edge is spelt in an unusual way is named among the doubtful, never left
out, and whoever asks looks at its text.
"""

import json
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from dataset_tools.byte_scan import BACKSLASH, WORD, ByteScan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Flags = NDArray[np.bool_]
    Positions = NDArray[np.intp]
    Words = NDArray[np.int64]

_ESCAPE = len("\\u0000")
_HEXADECIMAL = b"0123456789abcdefABCDEF"
_BEHIND_BACKSLASH = b'"\\/bfnrtu'  # what an escape goes on with, and four digits behind the u


class ValueEdges:
    """The values of one key, one a line: the bytes from `starts` up to `ends`, quotes excluded."""

    def __init__(self, scan: ByteScan, starts: "Positions", ends: "Positions") -> None:
        self.scan = scan
        self.starts = starts
        self.ends = ends
        self.lengths = ends - starts
        self._words_before_end: dict[int, Words] = {}
        self._bytes_before_end: dict[int, Bytes] = {}
        self._differing: dict[bytes, Flags] = {}
        self._starting_otherwise: dict[bytes, Flags] = {}

    def may_lack_ending(self, ending: str) -> "Flags":
        """Which values are not sure to end with a text."""
        return self._differ_before_end(_spelling(ending))

    def may_start_otherwise(self, space: str) -> "Flags":
        """Which are not sure to start with exactly this (ASCII) white space, then something."""
        spelling = _spelling(space)
        if spelling not in self._starting_otherwise:
            behind = self._byte_at(len(spelling))
            is_sure: Flags = _dark_bytes().take(behind)
            if not self.scan.may_spell_space:
                is_escape = behind == BACKSLASH
                is_escape &= self._byte_at(len(spelling) + 1) == ord("u")
                is_sure |= is_escape
            self._starting_otherwise[spelling] = ~is_sure | self._differ_at_start(spelling)
        return self._starting_otherwise[spelling]

    def may_end_otherwise(self, space: str, ending: str) -> "Flags":
        """Which are not sure to end with something, exactly this (ASCII) white space and a text."""
        spelling = _spelling(space + ending)
        is_sure = self._hold_before_end(_dark_bytes(), len(spelling))
        if self.scan.may_spell_space:
            is_sure &= ~self._hold_unicode_escape_before_end(len(spelling))
        return self._differ_before_end(spelling) | ~is_sure

    def may_end_with_one_of(self, wanted: "Flags", space: int, ending: str) -> "Flags":
        """Which may have one of the wanted bytes, or none that is plain, before their end.

        The end is so many spaces and a text.
        """
        spelling = _spelling(" " * space + ending)
        is_other = self._hold_before_end(_plain_bytes() & ~wanted, len(spelling))
        is_other &= ~self._hold_unicode_escape_before_end(len(spelling))
        return self._differ_before_end(spelling) | ~is_other

    def may_be_blank(self, mark: str) -> "Flags":
        """Which may hold nothing but white space and a mark."""
        sure = _text_bytes()
        first, second = self._byte_at(0), self._byte_at(1)
        is_text = sure.take(first) | (sure.take(second) & (first != BACKSLASH))
        longest_spelling = _ESCAPE * sum(1 + (character > "\uffff") for character in mark)
        is_sure: Flags = is_text & (self.lengths > longest_spelling + 2)
        return ~is_sure

    def may_start_like(self, other: "ValueEdges", space: str, other_space: str) -> "Flags":
        """Which may begin with the same two characters as the other value of their line.

        Both behind the white space that each is likely to start with.
        """
        own, others = len(_spelling(space)), len(_spelling(other_space))
        doubtful = self.may_start_otherwise(space) | other.may_start_otherwise(other_space)
        first, other_first = self._byte_at(own), other._byte_at(others)
        second, other_second = self._byte_at(own + 1), other._byte_at(others + 1)
        is_alike: Flags = (first == other_first) & (second == other_second)
        doubtful |= ~(_simple_bytes().take(second) & _simple_bytes().take(other_second))
        # an escape may spell white space beyond ASCII, with the same text behind it
        doubtful |= (first == BACKSLASH) | (other_first == BACKSLASH)
        return doubtful | is_alike

    def holding(self, positions: "Positions") -> list[int]:
        """The indices of the values within which one of the bytes at these positions lies."""
        lines = self.scan.lines_of(positions)
        is_inside = (positions >= self.starts[lines]) & (positions < self.ends[lines])
        return list(set(lines[is_inside].tolist()))

    @cached_property
    def _first_words(self) -> "Words":
        """The first eight bytes of each value; a shorter one's are followed by the line's next."""
        return self.scan.words(self.starts)

    @cached_property
    def _first_bytes(self) -> "Bytes":
        """The same, in rows of eight."""
        return self._first_words.view("u1").reshape(-1, WORD)

    def _last_words(self, number: int) -> "Words":
        """The eight bytes before the end of each value, or (1) the eight before those."""
        if number not in self._words_before_end:
            words = self.scan.words(self.ends - WORD * (number + 1))
            self._words_before_end[number] = words
            self._bytes_before_end[number] = words.view("u1").reshape(-1, WORD)
        return self._words_before_end[number]

    def _byte_at(self, place: int) -> "Bytes":
        """So many bytes behind the start."""
        if place < WORD:
            return self._first_bytes[:, place]
        return self.scan.at(self.starts + place)

    def _byte_before(self, distance: int) -> "Bytes":
        """So many bytes before the end; 1 for the last one."""
        number, place = divmod(distance - 1, WORD)
        self._last_words(number)
        return self._bytes_before_end[number][:, WORD - 1 - place]

    def _hold_before_end(self, sure: "Flags", length: int) -> "Flags":
        """Which have one of the sure bytes before an end of that length, and behind no backslash.

        It may be the last digit of an escape.
        """
        held: Flags = sure.take(self._byte_before(length + 1))
        held &= self._byte_before(length + 2) != BACKSLASH
        return held

    def _hold_unicode_escape_before_end(self, length: int) -> "Flags":
        r"""Which may have a `\uXXXX` before an end of that length."""
        is_escape: Flags = self._byte_before(length + _ESCAPE) == BACKSLASH
        is_escape &= self._byte_before(length + _ESCAPE - 1) == ord("u")
        return is_escape

    def _differ_at_start(self, spelling: bytes) -> "Flags | bool":
        """Which do not start with the spelling."""
        differ: Flags | bool = False
        for offset in range(0, len(spelling), WORD):
            part = spelling[offset : offset + WORD]
            words = self.scan.words(self.starts + offset) if offset else self._first_words
            differ |= (words & _as_number(b"\xff" * len(part), WORD)) != _as_number(part, WORD)
        return differ

    def _differ_before_end(self, spelling: bytes) -> "Flags":
        r"""Which do not end with a spelling; what is spelt `\n#` does not end with `n#`."""
        if spelling not in self._differing:
            differ = self.lengths < len(spelling)
            for number, end in enumerate(range(len(spelling), 0, -WORD)):
                if differ.all():
                    break
                part = spelling[max(end - WORD, 0) : end]
                words = self._last_words(number) >> 8 * (WORD - len(part))
                differ |= words != _as_number(part, len(part))
            self._differing[spelling] = differ | self._continue_escape(spelling)
        return self._differing[spelling]

    def _continue_escape(self, spelling: bytes) -> "Flags | bool":
        """Which may have an escape, begun before the spelling at their end, that reaches into it.

        Where a backslash is escaped itself, that is not so, and looked up in the text.
        """
        first, length = spelling[:1], len(spelling)
        may_be_digit = first != b"" and first in _HEXADECIMAL
        if not may_be_digit and (first == b"" or first not in _BEHIND_BACKSLASH):
            return False
        continued: Flags = self._byte_before(length + 1) == BACKSLASH
        if may_be_digit:
            for distance in range(2, _ESCAPE):
                continued |= self._byte_before(length + distance) == BACKSLASH
        return continued


def _as_number(text: bytes, width: int) -> int:
    """The signed number of so many bytes which holds this text, and nothing behind it."""
    return int.from_bytes(text.ljust(width, b"\0"), "little", signed=True)


def byte_flags(characters: frozenset[str]) -> "Flags":
    """For each byte, whether it is one of these ASCII characters."""
    import numpy as np

    flags = np.zeros(256, np.bool_)
    flags[[ord(character) for character in characters if character.isascii()]] = True
    return flags


@lru_cache(maxsize=1)
def _plain_bytes() -> "Flags":
    """For each byte, whether it is an ASCII character spelt as it is, and no white space."""
    return byte_flags(frozenset(map(chr, range(0x21, 0x7F))) - {'"', "\\"})


@lru_cache(maxsize=1)
def _dark_bytes() -> "Flags":
    """For each byte, whether it belongs to a character that is no white space of ASCII.

    One that is spelt as it is.
    """
    flags = _plain_bytes().copy()
    flags[0x80:] = True
    return flags


@lru_cache(maxsize=1)
def _text_bytes() -> "Flags":
    """For each byte, whether it begins a character that is no white space, spelt as it is."""
    flags = _plain_bytes().copy()
    flags[0xC3:] = True
    flags[0xE1:0xE4] = False  # U+1680, U+2000 and others, U+3000; 0xC2 begins U+0085 and U+00A0
    return flags


@lru_cache(maxsize=1)
def _simple_bytes() -> "Flags":
    """For each byte, whether it is an ASCII character spelt as it is."""
    return _plain_bytes() | byte_flags(frozenset(" "))


@lru_cache(maxsize=64)
def _spelling(text: str) -> bytes:
    """The usual spelling of a text inside a JSON string."""
    return json.dumps(text, ensure_ascii=False)[1:-1].encode(errors="surrogatepass")

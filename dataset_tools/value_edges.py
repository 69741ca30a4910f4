r"""Value edges: how the string values of a batch's lines begin and end, told from their raw bytes.

What most rules ask of a text, they ask of its first or last characters. For thousands of values at
once the bytes beside their quotes give the answer in a few vectorised comparisons. All answers err
to one side: a value whose edge is spelt in an unusual way is named among the doubtful, never left
out, and whoever asks looks at its text.
"""

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from dataset_tools.byte_scan import BACKSLASH, IN_UNICODE_ESCAPE, WORD, ByteScan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]
    Positions = NDArray[np.intp]

_ESCAPE = len("\\u0000")


def _as_word(text: bytes) -> int:
    """The number that a word of the scan is which holds this text, and nothing behind it."""
    return int.from_bytes(text.ljust(WORD, b"\0"), "little", signed=True)


class ValueEdges:
    """The values of one key, one a line: the bytes from `starts` up to `ends`, quotes excluded."""

    def __init__(self, scan: ByteScan, starts: "Positions", ends: "Positions") -> None:
        self.scan = scan
        self.starts = starts
        self.ends = ends
        self._differing: dict[bytes, Flags] = {}
        self._starting_otherwise: dict[bytes, Flags] = {}

    def may_lack_ending(self, ending: str) -> "Flags":
        """Which values are not sure to end with a text."""
        return self._differ_before_end(_spelling(ending))

    def may_start_otherwise(self, space: str) -> "Flags":
        """Which are not sure to start with exactly this (ASCII) white space, then something."""
        spelling = _spelling(space)
        if spelling not in self._starting_otherwise:
            places = self.starts + len(spelling)
            is_sure: Flags = _dark_bytes()[self.scan.at(places)]
            if not self.scan.may_spell_space:
                is_sure |= self._without_escapes_at(places + 1) == IN_UNICODE_ESCAPE
            self._starting_otherwise[spelling] = ~is_sure | self._differ_at(self.starts, spelling)
        return self._starting_otherwise[spelling]

    def may_end_otherwise(self, space: str, ending: str) -> "Flags":
        """Which are not sure to end with something, exactly this (ASCII) white space and a text."""
        spelling = _spelling(space + ending)
        last = self._without_escapes_at(self.ends - len(spelling) - 1)
        is_sure: Flags = _dark_bytes()[last]
        if not self.scan.may_spell_space:
            is_sure |= last == IN_UNICODE_ESCAPE
        return self._differ_before_end(spelling) | ~is_sure

    def may_end_with_one_of(self, wanted: "Flags", space: int, ending: str) -> "Flags":
        """Which may have one of the wanted bytes, or none that is plain, before their end.

        The end is so many spaces and a text.
        """
        spelling = _spelling(" " * space + ending)
        before = self.ends - len(spelling) - 1
        is_plain = _plain_bytes()[self._without_escapes_at(before)]
        return self._differ_before_end(spelling) | ~is_plain | wanted[self.scan.at(before)]

    def may_be_blank(self, mark: str) -> "Flags":
        """Which may hold nothing but white space and a mark."""
        sure = _text_bytes()
        first, second = map(self._without_escapes_at, (self.starts, self.starts + 1))
        is_text = sure[first] | sure[second]
        longest_spelling = _ESCAPE * sum(1 + (character > "\uffff") for character in mark)
        is_longer = self.ends - self.starts > longest_spelling + 2
        is_sure: Flags = is_text & is_longer
        return ~is_sure

    def may_start_like(self, other: "ValueEdges", space: str, other_space: str) -> "Flags":
        """Which may begin with the same two characters as the other value of their line.

        Both behind the white space that each is likely to start with.
        """
        starts = self.starts + len(_spelling(space))
        others = other.starts + len(_spelling(other_space))
        doubtful = self.may_start_otherwise(space) | other.may_start_otherwise(other_space)
        first, other_first = self.scan.at(starts), self.scan.at(others)
        is_alike: Flags = first == other_first
        second, other_second = self.scan.at(starts + 1), self.scan.at(others + 1)
        is_alike &= second == other_second
        doubtful |= ~(_simple_bytes()[second] & _simple_bytes()[other_second])
        # an escape may spell white space beyond ASCII, with the same text behind it
        doubtful |= (first == BACKSLASH) | (other_first == BACKSLASH)
        return doubtful | is_alike

    def holding(self, positions: "Positions") -> list[int]:
        """The indices of the values within which one of the bytes at these positions lies."""
        lines = self.scan.lines_of(positions)
        is_inside = (positions >= self.starts[lines]) & (positions < self.ends[lines])
        return list(set(lines[is_inside].tolist()))

    def _differ_at(self, positions: "Positions", spelling: bytes) -> "Flags":
        """Which do not hold the spelling there."""
        import numpy as np

        differ: Flags = np.zeros(len(positions), np.bool_)
        for offset in range(0, len(spelling), WORD):
            part = spelling[offset : offset + WORD]
            words = self.scan.words(positions + offset)
            differ |= (words & _as_word(b"\xff" * len(part))) != _as_word(part)
        return differ

    def _differ_before_end(self, spelling: bytes) -> "Flags":
        r"""Which do not end with a spelling; what is spelt `\n#` does not end with `n#`."""
        if spelling not in self._differing:
            starts = self.ends - len(spelling)
            doubtful = self._continue_escape(starts) | (starts < self.starts)
            self._differing[spelling] = doubtful | self._differ_at(starts, spelling)
        return self._differing[spelling]

    def _continue_escape(self, places: "Positions") -> "Flags":
        r"""Which bytes belong to an escape begun before them: `\n`, or a digit of `\u00a0`."""
        continue_escape: Flags = self._without_escapes_at(places) <= IN_UNICODE_ESCAPE
        return continue_escape

    def _without_escapes_at(self, places: "Positions") -> "NDArray[np.uint8]":
        return self.scan.without_escapes.take(places, mode="clip")


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

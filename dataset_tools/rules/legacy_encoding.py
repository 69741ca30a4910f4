"""Legacy encodings: in which one a file is that holds bytes beyond ASCII, and none of it UTF-8.

Text of one byte a character is hardly ever valid UTF-8 by chance. So a file in which no sequence
of bytes is, is in another encoding throughout; one in which some are was put together from
several, or damaged, and nobody can tell which of its bytes mean what.
"""

import re
from collections.abc import Iterable, Sequence

SAMPLE_BYTES = 16 * 1024  # enough for statistics of letters
MOST_USUAL = "cp1252"
FEWEST_IN_LANGUAGE = 0.9  # share of lines that must show the letters of a language

_VALID_SEQUENCE = (
    rb"[\xc2-\xdf][\x80-\xbf]"
    rb"|(?:\xe0[\xa0-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]|\xed[\x80-\x9f])[\x80-\xbf]"
    rb"|(?:\xf0[\x90-\xbf]|[\xf1-\xf3][\x80-\xbf]|\xf4[\x80-\x8f])[\x80-\xbf]{2}"
)
_ASCII = bytes(range(0x80))


class EncodingEvidence:
    """What the lines of a file tell of its encoding; merged in file order."""

    def __init__(self) -> None:
        self.has_utf8 = False  # beyond ASCII
        self.bytes_beyond_ascii: frozenset[int] = frozenset()
        self.sample = b""  # of the lines that are not UTF-8

    def add(self, block: bytes) -> None:
        """Take in whole lines; cheap where they are UTF-8."""
        if self.has_utf8 or block.isascii():
            return
        if re.search(_VALID_SEQUENCE, block):  # compiled where it is needed, which is seldom
            self.has_utf8 = True
            return
        self.bytes_beyond_ascii |= frozenset(block.translate(None, _ASCII))
        if len(self.sample) < SAMPLE_BYTES:
            lines = block.splitlines(keepends=True)
            self._add_to_sample(line for line in lines if not line.isascii())

    def add_utf8(self, block: bytes) -> None:
        """Take in lines that are known to be UTF-8."""
        self.has_utf8 |= not block.isascii()

    def merge(self, later: "EncodingEvidence") -> None:
        """Take in what the lines that follow tell."""
        self.has_utf8 |= later.has_utf8
        self.bytes_beyond_ascii |= later.bytes_beyond_ascii
        self._add_to_sample([later.sample])

    def _add_to_sample(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            if len(self.sample) >= SAMPLE_BYTES:
                return
            self.sample += line[: SAMPLE_BYTES - len(self.sample)]

    def encoding(self) -> str | None:
        """The encoding that all of the file is in, as Python knows it; None where none is sure."""
        if self.has_utf8 or not self.bytes_beyond_ascii:
            return None
        from dataset_tools.rules.alphabets import ALPHABETS

        fitting = [name for name in ALPHABETS if _decodes(self.bytes_beyond_ascii, name)]
        return _likeliest(self.sample, fitting) if fitting else None


def _decodes(some_bytes: Iterable[int], encoding: str) -> bool:
    try:
        bytes(some_bytes).decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _likeliest(sample: bytes, encodings: Sequence[str]) -> str | None:
    """The encoding in which the sample reads best, None where two read differently as well.

    Only those count in which nearly all lines show the letters of one language. Between two that
    do, Windows-1252 is taken for granted.
    """
    import charset_normalizer

    from dataset_tools.rules.alphabets import share_of_language

    badness = {
        name: (match.chaos, -match.coherence)
        for match in charset_normalizer.from_bytes(sample, cp_isolation=list(encodings))
        for name in match.could_be_from_charset
    }
    lines = sample.splitlines()
    readable = [
        name
        for name in encodings
        if name in badness
        and share_of_language([line.decode(name) for line in lines], name) >= FEWEST_IN_LANGUAGE
    ]
    if not readable:
        return None
    best = min(readable, key=badness.__getitem__)
    rivals = [name for name in readable if badness[name] == badness[best]]
    is_sure = best == MOST_USUAL or len({sample.decode(name) for name in rivals}) == 1
    return best if is_sure else None

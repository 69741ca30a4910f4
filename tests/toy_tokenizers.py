"""Tokenizers of a few lines, for tests that count tokens by hand."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

BOS, EOS, UNKNOWN = 1, 2, 0
_NAMES = ["<unk>", "<s>", "</s>"]
_SPECIAL = 3  # ids before the first one of a text
_WORD = re.compile(r" ?\w+|\s+(?!\S)|\s|[^\w\s]+")
_LAST_KNOWN = 0xFF  # the last character that the character tokenizer knows, if it lacks any


@dataclass(frozen=True)
class CharacterTokenizer:
    """One token a character: its code point, moved past the special tokens."""

    bos_id: int | None = BOS
    eos_id: int = EOS
    unknown_id: int | None = None

    def encode(self, text: str) -> list[int]:
        return [self._id(ord(character)) for character in text]

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        return list(map(self.encode, texts))

    def encode_with_spans(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        return self.encode(text), [(place, place + 1) for place in range(len(text))]

    def spell(self, ids: list[int]) -> list[str]:
        return [_spelling_of(token) for token in ids]

    def _id(self, code_point: int) -> int:
        if self.unknown_id is not None and code_point > _LAST_KNOWN:
            return self.unknown_id
        return code_point + _SPECIAL


@dataclass(frozen=True)
class WordTokenizer:
    """One token a word and the space before it; words of capitals alone are unknown."""

    bos_id: int | None = None
    eos_id: int = EOS
    unknown_id: int | None = UNKNOWN

    def encode(self, text: str) -> list[int]:
        return [self._id(match.group()) for match in _WORD.finditer(text)]

    def encode_with_spans(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        return self.encode(text), [match.span() for match in _WORD.finditer(text)]

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        return list(map(self.encode, texts))

    def spell(self, ids: list[int]) -> list[str]:
        return [_words()[token - _SPECIAL] if token >= _SPECIAL else _NAMES[token] for token in ids]

    def _id(self, word: str) -> int:
        if self.unknown_id is not None and len(word.strip()) > 1 and word.strip().isupper():
            return self.unknown_id
        if word not in _words():
            _words().append(word)
        return _words().index(word) + _SPECIAL


def _spelling_of(token: int) -> str:
    return chr(token - _SPECIAL) if token >= _SPECIAL else _NAMES[token]


@cache
def _words() -> list[str]:
    """The vocabulary, which grows with what is read."""
    return []


@dataclass(frozen=True)
class ByteTokenizer:
    """One token a byte, so that many a character has several, as byte-level vocabularies do."""

    bos_id: int | None = None
    eos_id: int = EOS

    def encode(self, text: str) -> list[int]:
        return [byte + _SPECIAL for byte in text.encode()]

    def encode_with_spans(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        places = [
            (place, place + 1) for place, each in enumerate(text) for _ in each.encode()
        ]  # fmt: skip
        return self.encode(text), places

    def spell(self, ids: list[int]) -> list[str]:
        return [_spelling_of(token) for token in ids]


TOY_TOKENIZERS = {
    "characters": CharacterTokenizer(bos_id=None, unknown_id=UNKNOWN),
    "characters with BOS": CharacterTokenizer(),
    "words": WordTokenizer(),
}

"""Shingles: the runs of words that a text consists of, by which texts are told alike.

Scripts that set no space between words count by character.
"""

import re

WORDS = 5  # of a shingle, as in arXiv 2107.06499

# Thai to Myanmar, Khmer, kana, Chinese characters, Hangul stays with the spaces it has
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
_ASCII_WORD = re.compile("[a-z0-9_]+")  # three times as fast


def shingles(text: str) -> set[str]:
    """The text's runs of five words, in lower case and without punctuation.

    A shorter text is one shingle; one without any word is made of what stands between its spaces.
    """
    pattern = _ASCII_WORD if text.isascii() else _WORD
    words = pattern.findall(text.casefold()) or text.split()
    if len(words) <= WORDS:
        return {" ".join(words)} if words else set()
    return set(map(" ".join, zip(*(words[start:] for start in range(WORDS)), strict=False)))

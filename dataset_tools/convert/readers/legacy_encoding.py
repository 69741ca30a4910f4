"""Guesses the encoding of text from before UTF-8.

charset-normalizer tells scripts apart well, but on a few words of Western European text it has
named Korean and Macintosh encodings: what reads well as Windows-1252, by far the commonest, is
taken for it without asking.
"""

import re

# Those in which spreadsheets and older systems of some country write by default; among all that
# Python knows, chance would too often find a better match.
CANDIDATES = (
    "cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257",
    "cp1258", "cp874", "cp932", "euc_jp", "gb18030", "big5", "cp949",
)  # fmt: skip
OF_SEVERAL_BYTES = frozenset({"cp932", "euc_jp", "gb18030", "big5", "cp949"})
# the detector is sure of itself only on a few thousand bytes; the same words again serve as well
_SAMPLE_BYTES = 4096
_WESTERN = "cp1252"
# what no Western European word holds: three accented letters in a row, a sign between letters
_NOT_WESTERN = re.compile(
    r"[À-ÖØ-öø-ÿŒœŠšŽžŸƒ]{3}|[A-Za-zÀ-ÖØ-öø-ÿ][\x80-\x9f¡-´¶¸-¿×÷‚ƒ„†‡ˆ‰‹€][A-Za-zÀ-ÖØ-öø-ÿ]"
)
_WORDS = re.compile(rb"[^\x00-\x40\x5b-\x60\x7b-\x7f]*[\x80-\xff][^\x00-\x1f,;|]*")


def legacy_encoding(content: bytes) -> str | None:
    """The likeliest encoding of a text that is not UTF-8, as Python calls it; None without one."""
    sample = b" ".join(_WORDS.findall(content))[: 16 * _SAMPLE_BYTES]
    try:
        if not _NOT_WESTERN.search(sample.decode(_WESTERN)):
            return _WESTERN
    except UnicodeDecodeError:  # five bytes stand for nothing
        pass
    from charset_normalizer import from_bytes

    repeated = (sample + b"\n") * (_SAMPLE_BYTES // (len(sample) + 1) + 1)
    best = from_bytes(repeated, cp_isolation=list(CANDIDATES)).best()
    return None if best is None else best.encoding

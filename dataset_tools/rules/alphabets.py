"""Alphabets: whether a text read in some encoding shows the letters of a language.

Statistics of letters tell scripts apart, but not the encodings of Latin scripts from one another:
Polish read as Windows-1252 looks like a text to them. It has letters, though, that no Western
language has beside one another.
"""

import re
from collections.abc import Sequence

_WESTERN = (
    "àâæçéèêëîïôœùûüÿ",  # French, and what English borrows from it
    "äöüßé",  # German
    "áéíñóúüªº",  # Spanish
    "áâãàçéêíóôõúüªº",  # Portuguese
    "àèéìíîòóùú",  # Italian
    "áéèëíïóöüú",  # Dutch
    "åäöéü",  # Swedish, Finnish
    "æøåéèêòóôü",  # Danish, Norwegian
    "áéíóúýðþæö",  # Icelandic
    "àçèéíïòóúüŀ",  # Catalan
    "éèëïñöüçâäœæ",  # loan words in English
)
_CENTRAL = (
    "áčďéěíňóřšťúůýž",  # Czech
    "áäčďéíĺľňóôŕšťúýž",  # Slovak
    "ąćęłńóśźż",  # Polish
    "áéíóöőúüű",  # Hungarian
    "čćđšž",  # Croatian, Slovenian
    "ăâîşţ",  # Romanian
)
_TURKISH = ("çğıi̇öşüâîû",)
_BALTIC = ("ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž")  # Lithuanian, Latvian, Estonian
_CYRILLIC = ("".join(map(chr, range(0x0400, 0x0530))),)
_GREEK = ("".join(map(chr, range(0x0370, 0x0400))),)
_HEBREW = ("".join(map(chr, range(0x0590, 0x0600))),)
_ARABIC = ("".join(map(chr, range(0x0600, 0x0700))),)
_VIETNAMESE = ("ăâđêôơưàáảãạèéẻẽẹìíỉĩịòóỏõọùúủũụỳýỷỹỵ",)

# By how often files are in them; each has ASCII's characters in ASCII's places, and one byte for
# each character.
ALPHABETS = {
    "cp1252": _WESTERN,
    "cp1250": _CENTRAL,
    "cp1251": _CYRILLIC,
    "cp1253": _GREEK,
    "cp1254": _TURKISH,
    "cp1255": _HEBREW,
    "cp1256": _ARABIC,
    "cp1257": _BALTIC,
    "cp1258": _VIETNAMESE,
    "koi8_r": _CYRILLIC,
    "koi8_u": _CYRILLIC,
    "iso8859_2": _CENTRAL,
    "iso8859_15": _WESTERN,
    "mac_roman": _WESTERN,
    "cp437": _WESTERN,
    "cp850": _WESTERN,
}


_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|[bfnrt])")  # of JSON, whose letters are not the text's
# a sign right behind a letter, but for quotation marks, dashes and the like; raised digits within
# words; letters of two scripts in one word; control characters
_OUT_OF_PLACE = re.compile(
    r"(?<=[^\W\d_])(?:[^\w\s\x00-\x7f’‘ʼ“”„«»·–—…®™°€،؛؟\xad]|[¹²³¼½¾](?=[^\W\d_]))"
    r"|[A-Za-z][\u0370-\u06ff]|[\u0370-\u06ff][A-Za-z]|[\x80-\x9f]"
)


def share_of_language(lines: Sequence[str], encoding: str) -> float:
    """The share of lines, 0 to 1, that may be of the encoding's language that most may be of.

    All their letters beyond ASCII are that language's, and no signs stand where none belong.
    """
    letters = [_letters(_ESCAPE.sub(" ", line)) for line in lines]
    alphabets = map(frozenset, ALPHABETS[encoding])
    return max(
        sum(each is not None and each <= alphabet for each in letters) / max(len(letters), 1)
        for alphabet in alphabets
    )


def _letters(line: str) -> frozenset[str] | None:
    """The letters beyond ASCII, in lower case; None where the line is no text."""
    if _OUT_OF_PLACE.search(line):
        return None
    return frozenset(each for each in line.lower() if not each.isascii() and each.isalpha())

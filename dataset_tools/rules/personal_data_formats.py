"""Formats of personal data: e-mail addresses, phone numbers, card numbers.

Where a format could also be a date, a measurement or an identifier, it is left alone.
"""

import re
from collections.abc import Iterator

FEWEST_DIGITS = 8  # of a number that is looked at; digits with separators between them

_ZERO_FOR_DIGITS = bytes.maketrans(b"123456789", b"0" * 9)
_SEPARATORS = b" -.()/"
_RUN_OF_DIGITS = b"0" * FEWEST_DIGITS

_EMAIL = re.compile(
    r"(?<![\w.%+-])(?P<local>[\w%+-](?:[\w.%+-]{0,62}[\w%+-])?)"
    r"@(?P<domain>(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+(?P<top>[A-Za-z]{2,24}))"
    r"(?![\w@]|-\w|\.\w|:\w)",  # git@host:path is no address
    re.ASCII,
)
_RESERVED_DOMAIN = re.compile(
    r"(?:^|\.)(?:example\.(?:com|net|org)|example|test|invalid|localhost|noreply\.github\.com)$"
)
_FILE_SUFFIXES = frozenset({"css", "gif", "html", "jpeg", "jpg", "js", "png", "svg", "webp"})

_PHONE = re.compile(
    r"""
    (?<![\w.+\-/=*^(])(?<!\d[ ,])(?:
        \+[1-9]\d{0,2}(?:[ .\-]?\(\d{1,4}\))?(?:[ .\-]?\d{1,5}){2,6}      # +44 20 7946 0958
      | (?:1[ .\-])?[2-9]\d\d(?P<same>[.\-])[2-9]\d\d(?P=same)\d{4}         # 555-234-5678
      | (?:1[ .\-])?\([2-9]\d\d\)[ ]?[2-9]\d\d[ .\-]\d{4}                 # (555) 234-5678
      | 0[1-9](?P<pair>[ .\-])\d\d(?:(?P=pair)\d\d){3}                    # 01 23 45 67 89
      | 0[1-9]\d{1,3}[ ]\d{3,4}[ ]\d{3,4}                                 # 020 7946 0958
    )(?![\w+*^]|[.\-/,]\d|[ ]?[+*/=^%])
    """,
    re.VERBOSE | re.ASCII,
)
_PHONE_DIGITS = range(9, 16)  # E.164 allows 15; shorter than 9 could be many things

_CARD = re.compile(
    r"(?<![\w.+\-])(?:\d{14,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{4}|\d{4}([ -])\d{6}\2\d{4,5})"
    r"(?![\w\-]|\.\d)",
    re.ASCII,
)
# first digits (ISO/IEC 7812, as the issuers publish them) and lengths
_ISSUERS = (
    (range(400_000, 500_000), (16, 19)),  # Visa; 13 digits, long out of use, are rather an EAN
    (range(510_000, 560_000), (16,)),  # Mastercard
    (range(222_100, 272_100), (16,)),  # Mastercard
    (range(340_000, 350_000), (15,)),  # American Express
    (range(370_000, 380_000), (15,)),  # American Express
    (range(601_100, 601_200), (16, 19)),  # Discover
    (range(644_000, 660_000), (16, 19)),  # Discover
    (range(300_000, 306_000), (14,)),  # Diners Club
    (range(360_000, 370_000), (14,)),  # Diners Club
    (range(380_000, 400_000), (14,)),  # Diners Club
    (range(352_800, 359_000), (16, 19)),  # JCB
    (range(620_000, 630_000), (16, 17, 18, 19)),  # UnionPay
)


def may_hold_a_number(text: str) -> bool:
    """Whether so many digits stand together that a phone or card number may be among them."""
    digits = text.encode(errors="surrogatepass").translate(_ZERO_FOR_DIGITS, _SEPARATORS)
    return _RUN_OF_DIGITS in digits


def find_personal_data(text: str) -> Iterator[tuple[str, int]]:
    """What was found, in words that do not tell the value, and where it starts."""
    if "@" in text:
        for match in _EMAIL.finditer(text):
            if _is_address(match):
                yield f"an e-mail address at {match['domain']!r}", match.start()
    if may_hold_a_number(text):
        for match in _CARD.finditer(text):
            if _is_card_number(_digits(match[0])):
                yield "a card number", match.start()
        for match in _PHONE.finditer(text):
            if len(_digits(match[0])) in _PHONE_DIGITS:
                yield "a phone number", match.start()


def _is_address(match: re.Match[str]) -> bool:
    domain = match["domain"].lower()
    if match["top"].lower() in _FILE_SUFFIXES or ".." in match["local"]:
        return False
    return match["local"] != "git" and _RESERVED_DOMAIN.search(domain) is None


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _is_card_number(digits: str) -> bool:
    first = int(digits[:6])
    if not any(first in prefixes and len(digits) in lengths for prefixes, lengths in _ISSUERS):
        return False
    return len(set(digits)) > 1 and _has_right_check_digit(digits)


def _has_right_check_digit(digits: str) -> bool:
    """The Luhn check: from the right, every second digit doubled, the sum ends with 0."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(doubled) + sum(map(int, digits[-1::-2]))) % 10 == 0

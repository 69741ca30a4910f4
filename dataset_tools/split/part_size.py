"""How large a part is to be: a number of records, or a share of them."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from dataset_tools.errors import InputError

_NUMBER = re.compile(r"[0-9]{1,18}")
_SHARE = re.compile(r"(?P<number>[0-9]{0,18}\.[0-9]{1,18}|[0-9]{1,18}(?=%))(?P<percent>%?)")


@dataclass(frozen=True, slots=True)
class PartSize:
    """A number of records, or a share of all records where `share` is not None."""

    text: str
    number: int = 0
    share: Fraction | None = None

    @classmethod
    def parse(cls, option: str, text: str) -> Self:
        """Read `200`, `0.1` or `10%`; raises InputError naming the option."""
        if _NUMBER.fullmatch(text) and int(text) > 0:
            return cls(text, int(text))
        if match := _SHARE.fullmatch(text):
            share = Fraction(match["number"]) / (100 if match["percent"] else 1)
            if 0 < share < 1:
                return cls(text, share=share)
        raise InputError(
            f"{option}: found {text!r:.40}, expected a number of records (200) or a share between "
            "0 and 1 (0.1 or 10%)"
        )

    def records_of(self, total: int) -> int:
        """How many of `total` records that is: a share is rounded to nearest, and at least 1."""
        if self.share is None:
            return self.number
        return max(1, int(self.share * total + Fraction(1, 2)))

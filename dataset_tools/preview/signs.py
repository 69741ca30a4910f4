"""Signs: how characters of the data are put on a terminal, so that none acts on it or hides.

White space that could be overlooked is shown by a sign; control, format, bidirectional and
zero-width characters are spelt as escapes, and so is all that a terminal without Unicode lacks.
"""

import os
import re
import unicodedata
from dataclasses import dataclass

from dataset_tools.printable import escape

# characters that Python calls printable though they show nothing (DerivedCoreProperties.txt of
# Unicode 15, Default_Ignorable_Code_Point, and the braille pattern without dots)
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
_LOCALE_VARIABLES = ("LC_ALL", "LC_CTYPE", "LANG")  # the first that is set decides (POSIX)


@dataclass(frozen=True, slots=True)
class Signs:
    """The characters a preview is drawn with."""

    newline: str
    tab: str
    space: str
    further_token: str  # one more token in the same character
    token_tail: str  # in the strip of weights, behind the sign that a token begins with
    no_loss: str
    cut: str
    weights: str  # from the least to the greatest
    rule: str
    bullet: str
    ellipsis: str
    bars: str  # of records in a pack, in turn
    room: str  # that a pack has left
    column_rule: str
    is_ascii: bool = False

    def whitespace(self, character: str) -> str | None:
        """The sign for a newline, tab or space."""
        return {"\n": self.newline, "\t": self.tab, " ": self.space}.get(character)

    def shown(self, character: str) -> str:
        """The character itself where it shows something and does nothing, or its escape."""
        if not character.isprintable() or (self.is_ascii and not character.isascii()):
            return escape(character)
        return escape(character) if _INVISIBLE.match(character) else character

    def shown_text(self, text: str) -> str:
        """The text with each character shown."""
        return "".join(map(self.shown, text))

    def weight(self, weight: float, greatest: float) -> str:
        """A sign as high as the weight is; `greatest` is the highest that is shown beside it."""
        if weight == 0:
            return self.no_loss
        steps = len(self.weights)
        return self.weights[min(steps, max(1, round(steps * weight / greatest))) - 1]


UNICODE_SIGNS = Signs(
    newline="↵",
    tab="→",
    space="·",
    further_token="⁺",
    token_tail="─",
    no_loss="·",
    cut="×",
    weights="▁▂▃▄▅▆▇█",
    rule="─",
    bullet="·",
    ellipsis="…",
    bars="█▒",
    room="·",
    column_rule="│",
)
ASCII_SIGNS = Signs(
    newline="\\n",
    tab="\\t",
    space="_",
    further_token="+",
    token_tail="-",
    no_loss=".",
    cut="x",
    weights="123456789",
    rule="-",
    bullet="-",
    ellipsis="...",
    bars="#=",
    room=".",
    column_rule="|",
    is_ascii=True,
)


def signs_for(encoding: str) -> Signs:
    """The signs that an output of this encoding can show, unless the locale is set to ASCII."""
    locale = next(filter(None, map(os.environ.get, _LOCALE_VARIABLES)), "")
    speaks_unicode = encoding.lower().replace("-", "").startswith("utf")
    return UNICODE_SIGNS if speaks_unicode and locale not in ("C", "POSIX") else ASCII_SIGNS


def is_combining(character: str) -> bool:
    """Whether the character is drawn onto the one before it."""
    return unicodedata.category(character) in ("Mn", "Me")

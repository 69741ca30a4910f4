"""Quotes: what a message may show of the data.

A finding's message ends in the logs of a CI, which more people read than the data.
"""

import re
from collections.abc import Iterable

from dataset_tools.printable import elided

SHORTEST_SECRET = 20  # characters of an AWS access key id; all others are longer


def quotable(text: str) -> str:
    """The text with its secrets hidden, and shortened where it is long."""
    return elided(without_secrets(text))


def without_secrets(text: str) -> str:
    """The text with no more of each secret than the prefix that all of its kind begin with."""
    return without_secrets_of([text], text)


def without_secrets_of(texts: Iterable[str], message: str) -> str:
    """A message that quotes the texts, without their secrets, also where they stand in a `repr`."""
    texts = [text for text in texts if len(text) >= SHORTEST_SECRET]
    if not texts:
        return message  # the rest would load the formats, of which most reports need none
    from dataset_tools.rules.secret_formats import find_secrets

    for text in texts:
        # the longest first, since one may be part of another
        for found in sorted(find_secrets(text), key=lambda each: -each.length):
            secret = text[found.start : found.start + found.length]
            for spelling in (secret, repr(secret)[1:-1]):
                message = message.replace(spelling, f"{found.prefix}…")
    return message


def without_secret_at_end(text: str) -> str:
    """The beginning of longer texts without its secrets, the last of which may be cut off."""
    from dataset_tools.rules.secret_formats import NEEDLES

    needles = "|".join(map(re.escape, NEEDLES))
    cut_off = rf"(?<![\w-])({needles})(?: [A-Z ]*PRIVATE KEY[\s\S]*|[\w.-]*)\Z"
    return re.sub(cut_off, r"\1…", without_secrets(text))

"""Quotes: what a message may show of the data.

A finding's message ends in the logs of a CI, which more people read than the data.
"""

from dataset_tools.printable import elided


def quotable(text: str) -> str:
    """The text with its secrets hidden, and shortened where it is long."""
    return elided(without_secrets(text))


def without_secrets(text: str) -> str:
    """The text with no more of each secret than the prefix that all of its kind begin with."""
    from dataset_tools.rules.secret_formats import find_secrets

    shown, end = [], 0
    for found in sorted(find_secrets(text), key=lambda each: each.start):
        if found.start >= end:  # else it overlaps the one before
            shown += [text[end : found.start], found.prefix, "…"]
        end = max(end, found.start + found.length)
    return "".join([*shown, text[end:]])

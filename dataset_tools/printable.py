"""Text from data files made safe to show: control characters are spelt, never sent.

What a message quotes from the data is shortened first, where the message is written: a key or a
mark may be as long as its line.
"""

LONGEST_QUOTE = 80  # characters of a key or mark that a message shows
_END_OF_QUOTE = 20  # of them, those that show how it ends


def printable(text: str) -> str:
    r"""The text with control, format and unassigned characters as escapes (`\x1b`, `\u202e`)."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else escape(character) for character in text
    )


def elided(text: str) -> str:
    """The text with its middle left out where it is longer than `LONGEST_QUOTE` characters."""
    if len(text) <= LONGEST_QUOTE:
        return text
    start = LONGEST_QUOTE - _END_OF_QUOTE - len("…")
    return f"{text[:start]}…{text[-_END_OF_QUOTE:]}"


def encodable(text: str) -> str:
    r"""The text with lone surrogates, which UTF-8 cannot hold, as escapes (`\ud83d`)."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def escape(character: str) -> str:
    r"""One character as Python spells it in ASCII (`\x1b`, `\u202e`)."""
    return character.encode("unicode_escape").decode("ascii")

"""Text from data files made safe to show: control characters are spelt, never sent."""


def printable(text: str) -> str:
    r"""The text with control, format and unassigned characters as escapes (`\x1b`, `\u202e`)."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else _escape(character) for character in text
    )


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")

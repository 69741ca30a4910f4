"""How a text that lacks its mark comes to end with it, once and not one and a half times."""

from dataset_tools.json_scanner import has_lone_surrogate
from dataset_tools.rules.edits import NewEnd

_PUNCTUATION = ".,;:!?…。！？\"')]}"


def ending_with(mark: str, key: str, text: str) -> NewEnd | None:
    r"""The edit that gives a text which does not end with the mark its ending.

    White space at the end of the text is its own, so a mark is added behind it. Where the mark's
    signs are there and only the white space behind them differs (`\n##` or `\n##\n ` for
    `\n##\n`), that is put right. None where the text ends with a part of the signs, or with all
    of them behind other white space or before a full stop: whoever wrote it may have meant the
    mark, or a text. The first letters of a word (the E of END) are no such part. Nor can a mark be
    added that UTF-8 cannot spell.
    """
    if has_lone_surrogate(mark):
        return None
    signs = mark.strip()
    if not signs:
        return _ending_with_space(mark, key, text)
    bare = text.rstrip()
    with_signs = mark.rstrip()
    if bare.endswith(with_signs):
        return NewEnd(key, len(bare), mark.removeprefix(with_signs))
    if _ends_with_signs(bare, signs) or _ends_with_signs(bare.rstrip(_PUNCTUATION), signs):
        return None
    begun = _begun(signs, bare)
    is_part_of_word = signs[:begun].isalnum() and signs[begun].isalnum()
    return NewEnd(key, None, mark) if begun == 0 or is_part_of_word else None


def _ends_with_signs(text: str, signs: str) -> bool:
    """Whether the signs end the text; END does not end WEEKEND, but it ends 3END and yesEND."""
    if not text.endswith(signs):
        return False
    before, first = text[: -len(signs)][-1:], signs[0]
    if before.isdigit():
        return not first.isdigit()
    is_cased = before.isupper() or before.islower()
    is_in_word = is_cased and first.isalpha() and not (before.islower() and first.isupper())
    return not is_in_word


def _ending_with_space(mark: str, key: str, text: str) -> NewEnd | None:
    """A mark of white space alone is completed where the text has a part of it."""
    if mark in text[len(text.rstrip()) :]:
        return None
    return NewEnd(key, None, mark[_begun(mark, text) :])


def _begun(mark: str, text: str) -> int:
    """How many characters of the mark's beginning the text ends with."""
    longest = min(len(mark) - 1, len(text))
    return next((n for n in range(longest, 0, -1) if text.endswith(mark[:n])), 0)

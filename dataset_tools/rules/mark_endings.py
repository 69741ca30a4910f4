"""How a text that lacks its mark comes to end with it, once and not one and a half times."""

from dataset_tools.json_scanner import has_lone_surrogate
from dataset_tools.rules.edits import NewEnd


def ending_with(mark: str, key: str, text: str) -> NewEnd | None:
    r"""The edit that gives a text which does not end with the mark its ending.

    White space at the end of the text is its own, so a mark is added behind it. Where the mark's
    signs are there and only the white space behind them differs (`\n##` or `\n##\n ` for
    `\n##\n`), that is put right. None where the text ends with a part of the signs, or with all
    of them behind other white space: whoever wrote it may have meant the mark, or a text.
    The first letters of a word (the E of END) are no such part. Nor can a mark be added that
    UTF-8 cannot spell.
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
    begun = signs[: _begun(signs, bare)]
    if _ends_with_signs(bare, signs) or not (begun == "" or begun.isalnum()):
        return None
    return NewEnd(key, None, mark)


def _ends_with_signs(text: str, signs: str) -> bool:
    """Whether the signs end the text; END does not end WEEKEND."""
    if not text.endswith(signs):
        return False
    is_word_longer = text[: -len(signs)][-1:].isalnum() and signs[0].isalnum()
    return not is_word_longer


def _ending_with_space(mark: str, key: str, text: str) -> NewEnd | None:
    """A mark of white space alone is completed where the text has a part of it."""
    if mark in text[len(text.rstrip()) :]:
        return None
    return NewEnd(key, None, mark[_begun(mark, text) :])


def _begun(mark: str, text: str) -> int:
    """How many characters of the mark's beginning the text ends with."""
    longest = min(len(mark) - 1, len(text))
    return next((n for n in range(longest, 0, -1) if text.endswith(mark[:n])), 0)

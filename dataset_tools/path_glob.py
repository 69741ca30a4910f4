"""Globs over paths written with slashes: `*` stays within a folder, `**` goes through folders."""

import re
from functools import cache

_PART = re.compile(
    r"(?P<folders>(?:(?<=/)|^)\*\*/)|(?P<rest>(?:(?<=/)|^)\*\*$)|(?P<star>\*+)|(?P<one>\?)"
    r"|\[(?P<negated>!)?(?P<class>\]?[^\]/]*)\]|(?P<text>.)",
    re.DOTALL,
)


def path_matches(path: str, pattern: str) -> bool:
    """Whether the whole path matches: `*`, `?` and `[...]` within a folder, `**` for any depth.

    `**/` also stands for no folder at all, so that `data/**/*.jsonl` takes `data/a.jsonl` in.
    """
    return _compiled(pattern).fullmatch(path) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(map(_translated, _PART.finditer(pattern))), re.DOTALL)


def _translated(part: re.Match[str]) -> str:
    if part["folders"]:
        return "(?:.*/)?"
    if part["rest"]:
        return ".*"
    if part["star"]:
        return "[^/]*"
    if part["one"]:
        return "[^/]"
    if part["text"]:
        return re.escape(part["text"])
    return _character_class(part["class"], negated=part["negated"] is not None)


def _character_class(members: str, *, negated: bool) -> str:
    """A class such as `a-z`, as a regular expression; one that holds nothing is plain text."""
    if not members:
        return re.escape("[!]" if negated else "[]")
    ranges = re.findall(r"(.)-(.)|(.)", members, re.DOTALL)
    inside = "".join(
        re.escape(single) if single else f"{re.escape(low)}-{re.escape(high)}"
        for low, high, single in ranges
        if single or low <= high
    )
    if not inside:  # only ranges that run backwards, such as `z-a`
        return "[^/]" if negated else "(?!)"
    return f"[^/{inside}]" if negated else f"(?!/)[{inside}]"

"""Mended lines: edits of one line, made in its raw bytes and nowhere else."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from dataset_tools.json_scanner import Member, position_in_literal, scan_line
from dataset_tools.rules.edits import DroppedLine, LineEdit, NewEnd, RenamedKey

NONE_KNOWN: Mapping[str, int] = MappingProxyType({})


def mended(
    line: bytes, edits: Sequence[LineEdit], closing_quotes: Mapping[str, int] = NONE_KNOWN
) -> bytes:
    """The line with the edits made, nothing where it is dropped.

    Key order, spacing, escapes and line ending stay as they are. The line is JSON unless it is
    dropped: rules propose no other edits for one that is not. `closing_quotes` are the bytes at
    which the values of keys end, where they are known; to find them takes most of the time.
    """
    if any(isinstance(edit, DroppedLine) for edit in edits):
        return b""
    known = [
        (closing_quotes[edit.key], edit.ending)
        for edit in edits
        if isinstance(edit, NewEnd) and edit.kept is None and edit.key in closing_quotes
    ]
    if len(known) == len(edits):
        for place, ending in sorted(known, reverse=True):  # so that places stay
            line = line[:place] + _spelling(ending).encode() + line[place:]
        return line
    text = line.decode()
    # of equal keys, the last one counts
    members = {member.key: member for member in scan_line(text).members}
    replacements = [_replacement(text, members, edit) for edit in edits]
    for start, end, spelling in sorted(replacements, reverse=True):
        text = text[:start] + spelling + text[end:]
    return text.encode()


def _replacement(text: str, members: Mapping[str, Member], edit: LineEdit) -> tuple[int, int, str]:
    """The characters from where to where become what."""
    assert not isinstance(edit, DroppedLine)
    member = members[edit.key]
    if isinstance(edit, RenamedKey):
        end = position_in_literal(text, member.key_at, len(member.key))
        return member.key_at + 1, end, edit.new_key
    closing_quote = member.value_end - 1
    if edit.kept is None:
        return closing_quote, closing_quote, _spelling(edit.ending)
    start = position_in_literal(text, member.value_at, edit.kept)
    return start, closing_quote, _spelling(edit.ending)


@lru_cache(maxsize=64)
def _spelling(text: str) -> str:
    """The text inside a JSON string."""
    return json.dumps(text, ensure_ascii=False)[1:-1]

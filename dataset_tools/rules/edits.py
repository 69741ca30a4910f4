"""Edits: what a rule proposes to mend its problem with; `dataset_tools.fix` carries them out.

A problem with an edit is one that can be mended without guessing. Edits only say what is to be
done, so that a lint, which shows no more than whether there is one, pays nothing for them.
"""

from enum import IntEnum
from typing import NamedTuple


class FixStage(IntEnum):
    """When a rule's edits are made: each stage looks at what those before it have left.

    Records show once bytes and keys are right, marks once records do, and what is equal once
    marks are there.
    """

    ENCODING = 1
    LINES = 2
    MARKS = 3
    REPEATS = 4
    ENDINGS = 5


class DroppedLine(NamedTuple):
    """The line is left out."""


class RenamedKey(NamedTuple):
    """The object's key is spelt otherwise."""

    key: str
    new_key: str  # letters of ASCII


class NewEnd(NamedTuple):
    """The string under a key keeps so many characters, or all (None), and ends with a text."""

    key: str
    kept: int | None
    ending: str


class DroppedByteOrderMark(NamedTuple):
    """The file starts behind its byte order mark."""


class LineEndings(NamedTuple):
    r"""All lines that have an ending have this one, `\n` or `\r\n`."""

    ending: bytes


class Decoding(NamedTuple):
    """The file is read in another encoding, and written in UTF-8."""

    encoding: str  # as Python knows it


LineEdit = DroppedLine | RenamedKey | NewEnd
FileEdit = DroppedByteOrderMark | LineEndings | Decoding
Edit = LineEdit | FileEdit

DROPPED_LINE = DroppedLine()

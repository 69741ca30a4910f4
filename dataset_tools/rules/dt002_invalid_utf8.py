"""The text is not UTF-8."""

from collections.abc import Iterable

from dataset_tools.parsing import OddLine
from dataset_tools.rules.rule import Problem, Rule
from dataset_tools.unicode_encodings import other_than_utf8


class InvalidUtf8(Rule):
    """## What it does

    Reports a line with bytes that are not valid UTF-8, at the first such byte, and a whole file
    in UTF-16 or UTF-32.

    ## Why it hurts

    Readers differ: one aborts, another silently puts replacement characters into the text, and
    the model learns them.

    ## Example

    A file written with Windows-1252, in which `é` is the single byte `E9`.

    ## Use instead

    Convert the file: `iconv -f WINDOWS-1252 -t UTF-8 data.jsonl > data.utf8.jsonl`.

    ## Source

    RFC 8259, section 8.1: JSON text exchanged between systems must be UTF-8.
    """

    code = "DT002"
    name = "invalid UTF-8"
    ends_the_check = True  # a UTF-16 file has no line that could be read

    def check_head(self, head: bytes) -> Iterable[Problem]:
        encoding = other_than_utf8(head)
        if encoding is not None:
            yield Problem(
                f"the file is {encoding}, expected UTF-8: convert it with "
                f"'iconv -f {encoding} -t UTF-8 IN > OUT'",
                line=1,
            )

    def check_line(self, line: OddLine) -> Iterable[Problem]:
        if line.invalid_utf8_at is not None:
            yield Problem(
                "invalid UTF-8 byte, expected UTF-8 text", column=line.invalid_utf8_at + 1
            )

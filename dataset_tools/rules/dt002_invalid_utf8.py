"""The text is not UTF-8."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from collections.abc import Iterable

from dataset_tools.parsing import OddLine
from dataset_tools.rules.rule import Problem, Rule

# longest first: UTF-32's little-endian mark begins with UTF-16's
_MARKS = {
    BOM_UTF32_LE: "UTF-32",
    BOM_UTF32_BE: "UTF-32",
    BOM_UTF16_LE: "UTF-16",
    BOM_UTF16_BE: "UTF-16",
}
# without a mark, the zero bytes among the first four tell (RFC 4627, section 3): JSON begins with
# two characters of ASCII
_ZEROS: dict[tuple[bool, ...], str] = {
    (True, True, True, False): "UTF-32BE",
    (True, False, True, False): "UTF-16BE",
    (False, True, True, True): "UTF-32LE",
    (False, True, False, True): "UTF-16LE",
}


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
        encoding = _other_encoding(head)
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


def _other_encoding(head: bytes) -> str | None:
    """The name of a Unicode encoding that is not UTF-8, as iconv knows it."""
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    return _ZEROS.get(tuple(byte == 0 for byte in head[:4]))

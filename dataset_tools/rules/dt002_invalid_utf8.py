"""The text is not UTF-8."""

from collections.abc import Iterable
from typing import Self

from dataset_tools.record_batch import OddLine, RecordBatch
from dataset_tools.rules.edits import Decoding, FixStage
from dataset_tools.rules.legacy_encoding import EncodingEvidence
from dataset_tools.rules.rule import FileContext, Problem, Rule
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

    ## Fix

    `dataset-tools fix` re-encodes a file that is wholly in UTF-16 or UTF-32, and one in a legacy
    encoding of one byte a character (Windows-1252 and the like), and says which. It takes that
    for granted only where no bytes of the file are valid UTF-8 beyond ASCII. Which legacy encoding
    it is, statistics of letters tell: look at a few words before you go on. A file that holds both
    UTF-8 and invalid bytes is left as it is.

    ## Source

    RFC 8259, section 8.1: JSON text exchanged between systems must be UTF-8.
    """

    code = "DT002"
    name = "invalid UTF-8"
    ends_the_check = True  # a UTF-16 file has no line that could be read
    fix_stage = FixStage.ENCODING

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.evidence = EncodingEvidence()

    def check_head(self, head: bytes) -> Iterable[Problem]:
        encoding = other_than_utf8(head)
        if encoding is not None:
            yield Problem(
                f"the file is {encoding}, expected UTF-8: convert it with "
                f"'iconv -f {encoding} -t UTF-8 IN > OUT'",
                line=1,
                edit=Decoding(encoding),
            )

    def check_line(self, line: OddLine) -> Iterable[Problem]:
        if line.invalid_utf8_at is not None:
            yield Problem(
                "invalid UTF-8 byte, expected UTF-8 text", column=line.invalid_utf8_at + 1
            )

    def observe(self, batch: RecordBatch) -> None:
        if batch.odd_lines:
            self.evidence.add(batch.lines.block)
        else:  # all of it was parsed, so all of it is UTF-8
            self.evidence.add_utf8(batch.lines.block)

    def merge(self, later: Self, lines_before: int) -> None:
        self.evidence.merge(later.evidence)

    def edit_of_file(self) -> Decoding | None:
        encoding = self.evidence.encoding()
        return None if encoding is None else Decoding(encoding)

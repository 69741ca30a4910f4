"""The file starts with a byte order mark."""

from collections.abc import Iterable

from dataset_tools.findings import Severity
from dataset_tools.lines import UTF8_BOM
from dataset_tools.rules.edits import DroppedByteOrderMark, FixStage
from dataset_tools.rules.rule import Problem, Rule


class ByteOrderMark(Rule):
    """## What it does

    Tells that the file starts with a UTF-8 byte order mark. It is read without complaint.

    ## Why it hurts

    It does not hurt here; some other readers take it for a character of the first line and call
    that line malformed.

    ## Example

    A file saved as "UTF-8 with BOM", which starts with the bytes `EF BB BF`.

    ## Use instead

    Leave it where the service you upload to asks for one; otherwise save as plain UTF-8.

    ## Fix

    `dataset-tools fix` takes the mark off. `--ignore DT003` keeps it.

    ## Source

    RFC 8259, section 8.1 (parsers may ignore it); Azure OpenAI's fine-tuning guide asks for one.
    """

    code = "DT003"
    name = "byte order mark"
    severity = Severity.INFO
    fix_stage = FixStage.ENCODING

    def check_head(self, head: bytes) -> Iterable[Problem]:
        if head.startswith(UTF8_BOM):
            yield Problem(
                "the file starts with a byte order mark, which is skipped",
                line=1,
                edit=DroppedByteOrderMark(),
            )

"""The one protocol of all lint rules: what a rule sees, and what it may say.

A rule is a class in a module of its own. It overrides the hooks it needs; a rule that looks at
single lines or records keeps no state, one that looks at the whole file gathers it in `observe`
and speaks in `conclude`. Its docstring is its published page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from dataset_tools.findings import Severity
from dataset_tools.marks import Mark
from dataset_tools.parsing import OddLine, RecordBatch
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.records import Record, RecordFormat

END_OF_VALUE = -1  # the offset of a string's closing quote


class Problem(NamedTuple):
    """What a rule found, and where; the checker adds path, code and severity.

    The place is a `column` (1-based), or the character `offset` of the decoded string under
    `key`, from which the checker works out the column. `line` is for whole-file rules.
    """

    message: str
    line: int | None = None
    column: int = 1
    key: str | None = None
    offset: int | None = None


@dataclass(frozen=True, slots=True)
class FileContext:
    """What is known of a file before its lines are checked."""

    record_format: RecordFormat
    separator: Mark | None = None
    stop_sequence: Mark | None = None

    @property
    def marks_overlap(self) -> bool:
        """Whether separator and stop sequence contain one another, so that neither can be told."""
        if self.separator is None or self.stop_sequence is None:
            return False
        separator, stop_sequence = self.separator.text, self.stop_sequence.text
        return separator in stop_sequence or stop_sequence in separator

    @property
    def prompt_format(self) -> PromptFormat:
        """The marks as a prompt format, to tell a record's bare text from them."""
        return PromptFormat(
            separator=self.separator.text if self.separator else "",
            stop_sequence=self.stop_sequence.text if self.stop_sequence else "",
        )


class Rule:
    """A rule with no opinion; subclasses override what they need."""

    code: ClassVar[str]
    name: ClassVar[str]  # a few words, lower case
    severity: ClassVar[Severity] = Severity.ERROR
    fixable: ClassVar[bool] = False
    # a head that trips such a rule makes the rest of the file meaningless: nothing else is checked
    ends_the_check: ClassVar[bool] = False

    def __init__(self, context: FileContext) -> None:
        self.context = context

    def check_head(self, head: bytes) -> Iterable[Problem]:
        """Problems of the file as a whole that show in its first bytes."""
        return ()

    def check_line(self, line: OddLine) -> Iterable[Problem]:
        """Problems of a line that is not a plain record."""
        return ()

    def suspects(self, batch: RecordBatch) -> Iterable[int]:
        """The indices of the records that `check_record` is to look at.

        A cheap first look over whole columns; it may name a sound record, never miss a bad one.
        """
        return ()

    def check_record(self, record: Record) -> Iterable[Problem]:
        """Problems of one record."""
        return ()

    def observe(self, batch: RecordBatch) -> None:
        """Gather what `conclude` needs; batches come in file order."""

    def conclude(self) -> Iterable[Problem]:
        """Problems of the file as a whole, once all of it was observed."""
        return ()


def indices_where(flags: Iterable[object]) -> Sequence[int]:
    """The indices at which the flags are true."""
    return [index for index, flag in enumerate(flags) if flag]

"""The one protocol of all lint rules: what a rule sees, and what it may say.

A rule is a class in a module of its own. It overrides the hooks it needs. A file is checked in
pieces, in parallel, so a rule's life is: `learn` from a sample of the file; then a copy of it for
every piece, which checks lines and records and gathers in `observe` what only the whole file can
tell; then the copies are put together in file order with `merge`, and the sum speaks in `conclude`.
Its docstring is its published page.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, Self, TypeVar

from msgspec import Struct, field

from dataset_tools.findings import Severity
from dataset_tools.marks import Mark
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.record_batch import OddLine, RecordBatch
from dataset_tools.records import Record, RecordFormat
from dataset_tools.rules.edits import Edit, FileEdit, FixStage
from dataset_tools.tokens import TrainingFormat

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dataset_tools.rules.repeats import FoundRepeats

Value = TypeVar("Value")

END_OF_VALUE = -1  # the offset of a string's closing quote
START_OF_KEY = -2  # the offset of a key's opening quote


class Problem(NamedTuple):
    """What a rule found, and where; the checker adds path, code and severity.

    The place is a `column` (1-based), or the character `offset` of the decoded string under
    `key`, from which the checker works out the column. `line` is for rules that speak in the
    end, and so is `content`: what makes the problem the same one in another place or file.
    `edit` mends it; None where that would take a guess.
    """

    message: str
    line: int | None = None
    column: int = 1
    key: str | None = None
    offset: int | None = None
    content: str = ""
    edit: Edit | None = None


class RuleOption(Struct, frozen=True):
    """A threshold of a rule: a flag `--NAME` and a key NAME of configuration files."""

    name: str
    default: int | float
    minimum: float
    maximum: float | None
    help: str


class RuleInputs(Struct, frozen=True):
    """What a run gives its rules beside the data; None where it gives nothing of the kind."""

    options: Mapping[str, float] = field(default_factory=dict)  # the ones given, by name
    schema: Mapping[str, Any] | bool | None = None  # a JSON Schema for completions
    inference_prompt: str | None = None
    tokenizer: Any | None = None  # a dataset_tools.tokenizer.ModelTokenizer
    training_format: TrainingFormat = field(default_factory=TrainingFormat)
    validation: Any | None = None  # a dataset_tools.lint.validation.ValidationRecords


class FileContext(Struct, frozen=True, dict=True):
    """What is known of a file before its lines are checked."""

    record_format: RecordFormat
    separator: Mark | None = None
    stop_sequence: Mark | None = None
    inputs: RuleInputs = field(default_factory=RuleInputs)

    def option(self, option: RuleOption) -> float:
        """The value of a threshold: the run's, or else its default."""
        return self.inputs.options.get(option.name, option.default)

    @cached_property
    def marks_overlap(self) -> bool:
        """Whether separator and stop sequence contain one another, so that neither can be told.

        White space alone, such as a newline for stop sequence, stands in many marks and harms none.
        """
        if self.separator is None or self.stop_sequence is None:
            return False
        separator, stop_sequence = self.separator.text, self.stop_sequence.text
        if separator == stop_sequence:
            return True
        shorter, longer = sorted((separator, stop_sequence), key=len)
        return shorter in longer and not shorter.isspace()

    @cached_property
    def prompt_format(self) -> PromptFormat:
        """The marks as a prompt format, to tell a record's bare text from them."""
        return PromptFormat(
            separator=self.separator.text if self.separator else "",
            stop_sequence=self.stop_sequence.text if self.stop_sequence else "",
        )


class RecordLookup(Protocol):
    """Second access to the records of a file, for rules that compare what they counted."""

    wants_contents: bool  # whether problems are to tell the content they stand for

    @property
    def repeats(self) -> "FoundRepeats":
        """The records that repeat an earlier one; for rules that say `compares_records`."""

    def map_batches(
        self,
        ordinals: "Iterable[NDArray[np.intp]]",
        function: Callable[[RecordBatch, Sequence[int]], Value],
    ) -> Iterator[Value]:
        """`function(batch, indices)` for the wanted records, batch by batch.

        The ordinals (0-based, of records) ascend through all arrays; the indices are those of the
        records in the batch's columns, in a range where no record between them is left out.
        """

    def map_tasks(self, function: Callable[[int], Value], count: int) -> Iterator[Value]:
        """`function(number)` for the numbers from 0 on, in order, by as many processes as lint."""


class Rule:
    """A rule with no opinion; subclasses override what they need.

    What an instance holds must be picklable: copies of it work in other processes.
    """

    code: ClassVar[str]
    name: ClassVar[str]  # a few words, lower case
    severity: ClassVar[Severity] = Severity.ERROR
    fix_stage: ClassVar[FixStage | None] = None  # of the edits that its problems carry
    fixable: ClassVar[bool] = False  # follows from `fix_stage`
    is_default: ClassVar[bool] = True  # False: only where selected by its code or family
    options: ClassVar[tuple[RuleOption, ...]] = ()
    compares_records: ClassVar[bool] = False  # in `conclude`, by the `repeats` it finds there
    # every suspect has exactly one problem, so that they need no second look to be counted
    suspects_are_problems: ClassVar[bool] = False
    # a head that trips such a rule makes the rest of the file meaningless: nothing else is checked
    ends_the_check: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        cls.fixable = cls.fix_stage is not None

    def __init__(self, context: FileContext) -> None:
        self.context = context

    def __getstate__(self) -> dict[str, object]:
        """What was gathered, without the context, which every process has already."""
        return {name: value for name, value in self.__dict__.items() if name != "context"}

    def learn(self, sample: RecordBatch) -> None:
        """Take a first look at records spread over the file; line numbers there mean nothing.

        Majorities are told here, once, so that all pieces of the file are judged alike. Files of
        up to a few megabytes are seen whole.
        """

    def check_head(self, head: bytes) -> Iterable[Problem]:
        """Problems of the file as a whole that show in its first bytes."""
        return ()

    def check_line(self, line: OddLine) -> Iterable[Problem]:
        """Problems of a line that is not a plain record.

        Their number must follow from the line's shape, as `dataset_tools.line_shapes` tells it:
        where nothing is listed, one line of each shape is asked for all.
        """
        return ()

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        """The indices of the records that `check_record` is to look at.

        A cheap first look over whole columns; it may name a sound record, never miss a bad one.
        """
        return ()

    def check_record(self, record: Record) -> Iterable[Problem]:
        """Problems of one record."""
        return ()

    def count_problems(self, batch: RecordBatch, suspects: Collection[int]) -> int:
        """How many problems the suspects have; override it where that can be told faster."""
        if self.suspects_are_problems:
            return len(suspects)
        return sum(sum(1 for _ in self.check_record(batch.record(i))) for i in suspects)

    def observe(self, batch: RecordBatch) -> None:
        """Gather what `conclude` needs; the batches of a piece come in file order."""

    def merge(self, later: Self, lines_before: int) -> None:
        """Take in what a copy gathered from the piece that follows.

        Line numbers that the copy kept count from its piece's first line: add `lines_before`.
        """

    def conclude(self, records: RecordLookup) -> Iterable[Problem]:
        """Problems of the file as a whole, once all of it was observed.

        A sequence rather than a generator lets those that are not listed be counted at no cost.
        """
        return ()

    def edit_of_file(self) -> FileEdit | None:
        """What mends all problems of the rule at once, where only the whole file tells that."""
        return None

    def lines_to_drop(self, records: RecordLookup) -> Iterable[int]:
        """The numbers of the lines that only the whole file shows to be too many.

        They are those whose problems in `conclude` carry the edit.
        """
        return ()


def indices_where(flags: Iterable[object]) -> Sequence[int]:
    """The indices at which the flags are true."""
    return [index for index, flag in enumerate(flags) if flag]

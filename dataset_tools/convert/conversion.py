"""Conversion of one table: its rows become records that lint has no error in.

Templates or a known shape make a record of a row, then the marks are added where they are asked
for, by the prompt format that training uses, and lint's own rules judge the record. A row that
fails either is an error, or is skipped and counted.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from dataset_tools.convert.shapes import SHAPES_WITH_WEIGHTS, ShapeChoices, recognise_shape
from dataset_tools.convert.table import Row, RowError, Table
from dataset_tools.convert.template import Template, column_named, listed, parse_template
from dataset_tools.convert.values import weight_of
from dataset_tools.errors import InputError
from dataset_tools.json_scanner import has_lone_surrogate
from dataset_tools.marks import Mark, given_mark
from dataset_tools.printable import printable
from dataset_tools.prompt_format import DEFAULT_SEPARATOR, PromptFormat
from dataset_tools.records import REQUIRED_KEYS, Record, RecordFormat
from dataset_tools.rules import FileContext
from dataset_tools.rules.dt201_blank_completion import BlankCompletion
from dataset_tools.rules.dt302_separator_inside import SeparatorInside
from dataset_tools.rules.dt304_stop_sequence_inside import StopSequenceInside

MOST_EXAMPLES = 10  # of skipped rows that are remembered
RECORD_RULES = (BlankCompletion, SeparatorInside, StopSequenceInside)


@dataclass(frozen=True, slots=True)
class Conversion:
    """What to make of rows; without templates, the shape of the table tells.

    `separator` and `stop_sequence` are "" where none is to be added; `target` is None for what
    templates or shape make by themselves. Raises InputError for choices that contradict.
    """

    prompt: str | None = None
    completion: str | None = None
    text: str | None = None
    weight: str | None = None  # the column that holds records' weights
    target: RecordFormat | None = None
    separator: str | None = None
    stop_sequence: str = ""
    choices: ShapeChoices = field(default_factory=ShapeChoices)
    is_strict: bool = True
    limit: int | None = None  # rows

    def __post_init__(self) -> None:
        if self.text is not None and (self.prompt is not None or self.completion is not None):
            raise InputError("a text template and one for prompt or completion: give one kind")
        if (self.prompt is None) != (self.completion is None):
            given, absent = "prompt", "completion"
            if self.prompt is None:
                given, absent = absent, given
            raise InputError(f"a {given} template alone; give one for the {absent}, too")
        if self.text is not None and self.target == "prompt-completion":
            raise InputError(
                "a text template makes text records, not prompt/completion; "
                "give templates for prompt and completion instead"
            )
        if self.context("prompt-completion").marks_overlap:
            raise InputError(
                f"the separator {self.separator!r} and the stop sequence {self.stop_sequence!r} "
                "contain one another, expected two different marks"
            )

    @property
    def has_templates(self) -> bool:
        """Whether templates say what to make of a row."""
        return self.text is not None or self.prompt is not None

    def context(self, record_format: RecordFormat) -> FileContext:
        """What lint knows of the records that are made."""

        def mark(text: str | None) -> Mark | None:
            return given_mark(text, "flag", ()) if text else None

        separator = self.separator if record_format == "prompt-completion" else None
        return FileContext(record_format, mark(separator), mark(self.stop_sequence))


@dataclass(slots=True)
class Outcome:
    """What became of the rows; filled while records are taken."""

    shapes: list[str] = field(default_factory=list)  # those that were recognised
    record_format: RecordFormat | None = None
    unused_weights: bool = False  # whether a column of that name was left out
    separator: str = DEFAULT_SEPARATOR  # what the prompts are made for, where none is added
    rows: int = 0
    records: int = 0
    skipped: int = 0
    examples: list[str] = field(default_factory=list)  # why, for the first skipped rows

    def note(self, maker: "RecordMaker") -> None:
        """Remember how a table's rows are converted."""
        if maker.shape is not None and maker.shape not in self.shapes:
            self.shapes.append(maker.shape)
        self.separator = maker.separator
        self.unused_weights |= maker.leaves_out_weights

    def take(self, records: Sequence[Record], name: str) -> None:
        """Count a row's records; raises InputError where another table's have another format."""
        self.records += len(records)
        for record in records:
            if self.record_format not in (None, record.format):
                raise InputError(
                    f"{name}: makes {record.format} records, those before are "
                    f"{self.record_format} records; convert the files apart, or with --to text"
                )
            self.record_format = record.format

    def skip(self, reason: str) -> None:
        """Count a row that became no record."""
        self.skipped += 1
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(reason)


def convert_table(table: Table, conversion: Conversion, outcome: Outcome) -> Iterator[Record]:
    """The records of a table's rows, in order.

    An outcome that is handed from table to table counts all their rows, and limits them together.
    Raises InputError where no shape fits and no template is given, where the table has no rows,
    and at the first row that cannot be a record, unless the conversion is not strict.
    """
    maker: RecordMaker | None = None
    limit = None if conversion.limit is None else conversion.limit - outcome.rows
    count = 0
    for count, (number, row) in enumerate(islice(table.rows, limit), start=1):
        outcome.rows += 1
        try:
            if isinstance(row, RowError):
                raise row
            if maker is None:
                maker = _maker(conversion, table, row)
                outcome.note(maker)
            records = maker.records(row)
        except RowError as error:
            reason = printable(f"{table.place(number, count)}: {error}")
            if conversion.is_strict:
                raise InputError(reason) from error
            outcome.skip(reason)
            continue
        outcome.take(records, table.name)
        yield from records
    if count == 0 and limit != 0:
        raise InputError(f"{table.name}: there are no rows; expected at least one")


def _maker(conversion: Conversion, table: Table, first_row: Row) -> "RecordMaker":
    if not table.columns and not first_row:
        raise InputError(f"{table.name}: the rows have no columns, expected at least one in each")
    try:
        return RecordMaker(conversion, table.columns, first_row)
    except InputError as error:
        raise InputError(f"{table.name}: {error}") from error


class RecordMaker:
    """Makes records of the rows of one table: by templates, or by the shape of its columns."""

    def __init__(self, conversion: Conversion, columns: Collection[str], first_row: Row) -> None:
        self.shape: str | None = None
        self.separator = DEFAULT_SEPARATOR
        self._weight = conversion.weight
        if self._weight is not None:
            column_named(self._weight, columns, "weight")
        self._drafts: Callable[[Row], Iterable[Record]]
        if conversion.has_templates:
            self._drafts = _by_templates(conversion, columns)
        else:
            shape = recognise_shape(columns, first_row, conversion.choices)
            if shape is None:
                raise InputError(_unknown_shape(columns))
            self._drafts, self.shape, self.separator = shape.records, shape.name, shape.separator
        if conversion.separator is not None:
            self.separator = conversion.separator
        uses_weights = self._weight is not None or self.shape in SHAPES_WITH_WEIGHTS
        self.leaves_out_weights = "weight" in columns and not uses_weights
        self._marks = PromptFormat(self.separator, conversion.stop_sequence)
        self._adds_separator = conversion.separator is not None
        self._target = conversion.target
        self._rules = {
            record_format: [rule(conversion.context(record_format)) for rule in RECORD_RULES]
            for record_format in REQUIRED_KEYS
        }

    def records(self, row: Row) -> Sequence[Record]:
        """The row's records; raises RowError where it has none, or lint sees an error in one."""
        records = [self._finished(draft) for draft in self._drafts(row)]
        if self._weight is not None:
            weight = weight_of(row, self._weight)
            records = [Record(each.prompt, each.completion, weight) for each in records]
        for record in records:
            for rule in self._rules[record.format]:
                for problem in rule.check_record(record):
                    raise RowError(problem.message)
            for key, text in (("prompt", record.prompt), (record.target_key, record.completion)):
                if text is not None and not text.isascii() and has_lone_surrogate(text):
                    raise RowError(
                        f"the {key} holds half a surrogate pair, expected whole characters"
                    )
        return records

    def _finished(self, draft: Record) -> Record:
        """The record with its marks, in the format that is asked for."""
        marks = self._marks
        if draft.prompt is None:
            if self._target == "prompt-completion":
                raise RowError(
                    "a text cannot be parted into prompt and completion; give --prompt and "
                    "--completion, or leave out --to prompt-completion"
                )
            text = marks.bare_completion(draft.completion) + marks.stop_sequence
            return Record(None, text, draft.weight)
        if self._target == "text":
            text = "".join(segment.text for segment in marks.segments(draft))
            return Record(None, text, draft.weight)
        prompt = marks.inference_prompt(draft.prompt) if self._adds_separator else draft.prompt
        completion = marks.bare_completion(draft.completion) + marks.stop_sequence
        return Record(prompt, completion, draft.weight)


def _by_templates(
    conversion: Conversion, columns: Collection[str]
) -> Callable[[Row], Iterable[Record]]:
    missing = conversion.choices.missing

    def parsed(text: str | None, name: str) -> Template | None:
        return None if text is None else parse_template(text, columns, name)

    prompt = parsed(conversion.prompt, "prompt template")
    target = parsed(conversion.completion, "completion template") or parsed(
        conversion.text, "text template"
    )
    assert target is not None  # Conversion sees to it

    def records(row: Row) -> Iterable[Record]:
        before = None if prompt is None else prompt.render(row, missing)
        return (Record(before, target.render(row, missing)),)

    return records


def _unknown_shape(columns: Collection[str]) -> str:
    return (
        f"the columns {listed(columns)} are of no known shape; say what to make of them: --prompt "
        "and --completion, or --text, each a column's name or a template with {column}"
    )

"""The first reading: every record's group key, every line sound, 8 bytes a record kept."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

from dataset_tools.errors import InputError
from dataset_tools.findings import Severity
from dataset_tools.lines import read_batches
from dataset_tools.lint.checker import HEAD_BYTES
from dataset_tools.lint.places import column_of
from dataset_tools.parsing import parse_batch
from dataset_tools.printable import elided, printable
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.record_batch import OddLine
from dataset_tools.records import Record
from dataset_tools.rules import RULES, FileContext
from dataset_tools.rules.class_counts import LONGEST_LABEL
from dataset_tools.sources.location import STDIN_NAME
from dataset_tools.split.grouping import CLASS_BITS, KEY_BYTES, Grouping

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_CLASSES = 2**CLASS_BITS
MOST_ALONE = 0.5  # share of records whose completion occurs once, beyond which they are no classes


@dataclass(frozen=True, slots=True)
class KeyedRecords:
    """The keys of all records in file order, and the classes that their last bits number."""

    keys: "NDArray[np.uint64]"
    classes: tuple[str, ...]  # one that is not named, where records are not told apart by class
    blank_lines: int

    def __len__(self) -> int:
        return len(self.keys)


def read_keyed_records(
    stream: BinaryIO,
    name: str,
    context: FileContext,
    grouping: Grouping,
    advance: Callable[[int], None],
    *,
    stratify: bool,
) -> KeyedRecords:
    """Read all lines of an open file.

    Raises InputError on the first line that holds no record, where there is no record at all,
    and with `stratify` where the file is no classification data.
    """
    import numpy as np

    classes = Classes(name, context.prompt_format) if stratify else None
    if classes is not None and context.record_format == "text":
        raise classes.refusal("text records have no completions that could name classes")
    keys = bytearray()
    blank_lines = 0
    for lines in read_batches(stream):
        batch = parse_batch(lines, context.record_format)
        for odd_line in batch.odd_lines:
            if odd_line.is_blank:
                blank_lines += 1
            elif odd_line.record is None:
                raise _unsound(stream, name, odd_line, context)
        for number, record in batch.records():
            class_number = classes.number_of(record, number) if classes else 0
            keys += grouping.key(record, class_number)
        advance(len(lines.block))
    if not keys:
        raise InputError(f"{name}: holds no record; expected JSON Lines")
    class_bytes = np.frombuffer(keys, np.uint8)[::KEY_BYTES]
    if classes is not None:
        classes.check(np.bincount(class_bytes).tolist())
    grouping.unite(np.frombuffer(keys, "<u8"))
    if classes is None:
        return KeyedRecords(np.frombuffer(keys, "<u8"), ("",), blank_lines)
    # by name rather than as they came, so that nothing depends on the order of the lines
    names = sorted(classes.numbers)
    places = {name: place for place, name in enumerate(names)}
    place_of_number = np.array([places[name] for name in classes.numbers], np.uint8)
    class_bytes[:] = place_of_number[class_bytes]
    return KeyedRecords(np.frombuffer(keys, "<u8"), tuple(names), blank_lines)


class Classes:
    """The classes of classification data, numbered as they come.

    A class is what DT405 takes for one: a completion without stop sequence and white space, short.
    DT405 has to guess whether a file is classification data and looks for 20 classes at most; here
    it was said, and intents or topics may well be more.
    """

    def __init__(self, file_name: str, prompt_format: PromptFormat) -> None:
        self.file_name = file_name
        self.prompt_format = prompt_format
        self.numbers: dict[str, int] = {}

    def number_of(self, record: Record, line: int) -> int:
        """The number of the record's class; raises InputError where completions are no classes."""
        label = self.prompt_format.bare_completion(record.completion).strip()
        number = self.numbers.get(label)
        if number is not None:
            return number
        if len(label) > LONGEST_LABEL:
            raise self.refusal(
                f"the completion in line {line} has {len(label)} characters, expected at most "
                f"{LONGEST_LABEL}"
            )
        if len(self.numbers) == MOST_CLASSES:
            raise self.refusal(
                f"line {line} has a completion of a new kind after {MOST_CLASSES} others, "
                f"{elided(label)!r}"
            )
        return self.numbers.setdefault(label, len(self.numbers))

    def check(self, class_records: Sequence[int]) -> None:
        """Raise InputError where the numbers of records are those of no classes."""
        if len(class_records) == 1:
            raise self.refusal(f"the only class is {next(iter(self.numbers))!r}")
        alone, total = class_records.count(1), sum(class_records)
        if alone > MOST_ALONE * total:
            raise self.refusal(
                f"{alone} of {total} records have a completion that no other has, expected classes "
                "of several records"
            )

    def refusal(self, reason: str) -> InputError:
        """What is said of a file that has no classes."""
        return InputError(
            f"{self.file_name}: not classification data: {reason}; split it without --stratify"
        )


def _unsound(stream: BinaryIO, name: str, line: OddLine, context: FileContext) -> InputError:
    """What lint says of a line without a record, or of the file where its beginning tells."""
    message, column = "the line holds no record", 1
    head = os.pread(stream.fileno(), HEAD_BYTES, 0)
    rules = [rule(context) for rule in RULES.values() if rule.severity is Severity.ERROR]
    about_file = (rule.check_head(head) for rule in rules if rule.ends_the_check)
    about_line = (rule.check_line(line) for rule in rules)
    problems = list(chain.from_iterable(chain(about_file, about_line)))
    if problems:
        message, column = problems[0].message, column_of(problems[0], line.text)
    location = "-" if name == STDIN_NAME else name
    return InputError(
        f"{name}:{line.number}:{column}: {printable(message)}; nothing is written, "
        f"'dataset-tools lint {location}' finds all such lines"
    )

"""A look at one file: the edits that lint's rules propose for it."""

import os
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from dataset_tools.errors import InputError
from dataset_tools.fix.dropped_lines import ascending
from dataset_tools.lines import UTF8_BOM, LineBatch
from dataset_tools.lint import LintSettings
from dataset_tools.lint.checker import HEAD_BYTES
from dataset_tools.lint.pieces import read_blocks
from dataset_tools.lint.record_index import IndexedRecords, RecordIndex
from dataset_tools.lint.survey import survey
from dataset_tools.parsing import parse_batch
from dataset_tools.record_batch import RecordBatch
from dataset_tools.rules import RULES, Rule
from dataset_tools.rules.edits import FileEdit, FixStage, LineEdit
from dataset_tools.rules.record_hashes import record_hashes_for

Advance = Callable[[int], None]  # called with the number of bytes done since the last call


class FoundEdit(NamedTuple):
    """An edit of the whole file, and the code of the rule that proposes it."""

    code: str
    edit: FileEdit


class Look:
    """What the settings' rules propose for a file; those that cannot fix have no say.

    Raises InputError where the file's first bytes tell that it is no JSON Lines in UTF-8, unless
    a rule of the settings can mend that.
    """

    def __init__(
        self,
        name: str,
        stream: BinaryIO,
        settings: LintSettings,
        advance: Advance,
        jobs: int = 1,
    ) -> None:
        self.name = name
        self.stream = stream
        self.jobs = jobs
        self.size = os.fstat(stream.fileno()).st_size
        self.survey = survey(stream, self.size, settings)
        self.rules = [rule(self.survey.context) for rule in settings.rules if rule.fixable]
        self.codes: set[str] = set()  # of the rules that propose edits
        self.file_edits: list[FoundEdit] = []
        self.surplus_lines = array("Q")  # to be dropped in the end, ascending
        self.surplus_counts: Counter[str] = Counter()  # of them, by code
        self._look_at_head(name)
        if self.stage is not FixStage.ENCODING:
            self._look_at_lines(advance)

    @property
    def stage(self) -> FixStage | None:
        """The first stage that has edits, None where there are none at all."""
        return min(map(_stage, self.codes), default=None)

    def batches(self, advance: Advance) -> Iterator[tuple[int, RecordBatch]]:
        """The file's lines and records as lint sees them, each batch with its first byte."""
        number = 1
        for start, block in read_blocks(self.stream, self.text_start, self.size):
            batch = parse_batch(LineBatch(number, block), self.survey.context.record_format)
            yield start, batch
            number += len(batch.byte_scan.line_ends)
            advance(len(block))

    @property
    def text_start(self) -> int:
        """The byte at which the first line starts, behind a byte order mark."""
        has_mark = os.pread(self.stream.fileno(), len(UTF8_BOM), 0) == UTF8_BOM
        return len(UTF8_BOM) if has_mark else 0

    def _look_at_head(self, name: str) -> None:
        head = os.pread(self.stream.fileno(), HEAD_BYTES, 0)
        chosen = {rule.code for rule in self.rules}
        for rule in RULES.values():
            if not rule.ends_the_check and rule.code not in chosen:
                continue
            for problem in rule(self.survey.context).check_head(head):
                if isinstance(problem.edit, FileEdit) and rule.code in chosen:
                    self._add_file_edit(rule.code, problem.edit)
                    if rule.ends_the_check:
                        return  # what else there is shows once that is mended
                elif rule.ends_the_check:
                    raise InputError(f"{name}: {problem.message}")

    def _look_at_lines(self, advance: Advance) -> None:
        for rule in self.rules:
            rule.learn(self.survey.sample)
        context, sample = self.survey.context, self.survey.sample
        index = RecordIndex(record_hashes_for(self.rules, context, sample))
        for start, batch in self.batches(advance):
            index.add(start, batch)
            for rule in self.rules:
                # one edit is enough: they are looked for again when they are made
                if rule.code not in self.codes and any(True for _ in line_edits(rule, batch)):
                    self.codes.add(rule.code)
                rule.observe(batch)
        records = IndexedRecords(self.name, self.stream, index, context, self.jobs)
        for rule in sorted(self.rules, key=lambda rule: _stage(rule.code)):
            # later stages have their turn: to compare records takes longer than all the rest
            if self.stage is None or _stage(rule.code) <= self.stage:
                self._look_at_conclusion(rule, records)

    def _look_at_conclusion(self, rule: Rule, records: IndexedRecords) -> None:
        edit = rule.edit_of_file()
        if edit is not None:
            self._add_file_edit(rule.code, edit)
        lines = array("Q", rule.lines_to_drop(records))
        if lines:
            self.codes.add(rule.code)
            self.surplus_counts[rule.code] = len(lines)
            self.surplus_lines = ascending(self.surplus_lines + lines)

    def _add_file_edit(self, code: str, edit: FileEdit) -> None:
        self.file_edits.append(FoundEdit(code, edit))
        self.codes.add(code)


def _stage(code: str) -> FixStage:
    stage = RULES[code].fix_stage
    assert stage is not None
    return stage


def line_edits(rule: Rule, batch: RecordBatch) -> Iterator[tuple[int, LineEdit]]:
    """Line number and edit of what the rule would mend in the batch."""
    for line in batch.odd_lines:
        for problem in rule.check_line(line):
            if isinstance(problem.edit, LineEdit):
                yield line.number, problem.edit
    for index in rule.suspects(batch):
        for problem in rule.check_record(batch.record(index)):
            if isinstance(problem.edit, LineEdit):
                yield batch.numbers[index], problem.edit

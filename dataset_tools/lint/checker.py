"""The checker: one file through all rules, piece by piece, in bounded memory.

Pieces are judged apart, by as many processes as are asked for, and put together in file order:
what is reported does not depend on how many there were.
"""

import os
from collections.abc import Callable, Iterator, Sized
from functools import partial
from typing import BinaryIO, NamedTuple

from dataset_tools.lines import open_plain
from dataset_tools.lint.file_state import FileState
from dataset_tools.lint.freed_memory import keep_freed_memory
from dataset_tools.lint.piece_check import PieceCheck, PieceResult, gathers
from dataset_tools.lint.pieces import PIECE_BYTES, Piece, cut
from dataset_tools.lint.processes import in_order, meanwhile
from dataset_tools.lint.record_index import IndexedRecords, RecordIndex
from dataset_tools.lint.report import FileSummary, LintReport
from dataset_tools.lint.settings import LintSettings
from dataset_tools.lint.survey import survey
from dataset_tools.lint.tally import Tally
from dataset_tools.numpy_loading import numpy_module
from dataset_tools.rules import FileContext, Rule
from dataset_tools.rules.record_hashes import RecordHashes, record_hashes_for
from dataset_tools.sources import SourceFile

FEWEST_PARALLEL_BYTES = 16 * 1024 * 1024  # below that, a first look elsewhere saves nothing
HEAD_BYTES = 64 * 1024  # enough to tell what kind of file it is

Advance = Callable[[int], None]  # called with the number of bytes done since the last call


def check_source(
    source: SourceFile,
    settings: LintSettings,
    report: LintReport,
    advance: Advance = lambda done: None,
    *,
    jobs: int = 1,
    piece_bytes: int = PIECE_BYTES,
) -> None:
    """Check one file with up to `jobs` processes and add what was found to the report.

    Raises UnreadableDataError where the file cannot be read at all, or changes while it is read;
    anything wrong inside is a finding.
    """
    with open_plain(source.path, source.name) as stream:
        _FileCheck(source.name, stream, settings, report, jobs).run(advance, piece_bytes)


class FirstLook(NamedTuple):
    """What spread lines of a file tell."""

    context: FileContext
    tells_format: bool
    rules: list[Rule]  # which have learned from them
    hashes: RecordHashes | None  # as yet of no record


def look_at(stream: BinaryIO, size: int, settings: LintSettings) -> FirstLook:
    """A first look at a file; neither it nor sending it needs NumPy, which loads meanwhile."""
    surveyed = survey(stream, size, settings)
    rules = [rule(surveyed.context) for rule in settings.rules]
    for rule in rules:
        rule.learn(surveyed.sample)
    hashes = record_hashes_for(rules, surveyed.context, surveyed.sample)
    return FirstLook(surveyed.context, surveyed.tells_format, rules, hashes)


class _FileCheck:
    def __init__(
        self,
        path: str,
        stream: BinaryIO,
        settings: LintSettings,
        report: LintReport,
        jobs: int,
    ) -> None:
        self.path = path
        self.stream = stream
        self.state = FileState(path, stream)
        self.settings = settings
        self.report = report
        self.jobs = jobs
        self.context, self.tells_format, self.rules, hashes = self._first_look()
        self.tally = Tally(path, settings, report.listed)
        self.index = RecordIndex(hashes)

    def run(self, advance: Advance, piece_bytes: int) -> None:
        if not self._head_ends_the_check():
            self._check_pieces(advance, cut(self.state.size, piece_bytes))
            self.state.check_is_unchanged("lint")  # before records are read again
            self._conclude()
        self.state.check_is_unchanged("lint")
        self.report.add_file(self._summary(), self.tally)

    def _first_look(self) -> FirstLook:
        look = partial(look_at, self.stream, self.state.size, self.settings)
        given = (self.settings.schema, self.settings.tokenizer, self.settings.validation_data)
        if self.jobs == 1 or self.state.size < FEWEST_PARALLEL_BYTES or any(given):
            return look()
        with meanwhile(look) as result:
            numpy_module()  # takes as long to import as the look does
            first_look = result()
        for rule in first_look.rules:
            rule.context = first_look.context
        return first_look

    def _head_ends_the_check(self) -> bool:
        """Whether the first bytes tell that this is no data file; what they tell is counted."""
        head = os.pread(self.stream.fileno(), HEAD_BYTES, 0)
        for ends_the_check in (True, False):
            found = False
            for rule in self.rules:
                if rule.ends_the_check is ends_the_check:
                    for problem in rule.check_head(head):
                        found = True
                        self.tally.add(rule, problem, 1, "", None)
            if ends_the_check and found:
                return True
        return False

    def _check_pieces(self, advance: Advance, pieces: list[Piece]) -> None:
        keep_freed_memory()
        gatherers = list(filter(gathers, self.rules))
        for piece, result in zip(pieces, self._results(pieces), strict=True):
            lines_before = self.index.lines
            self.tally.merge(result.tally, lines_before)
            for rule, later in zip(gatherers, result.rules, strict=True):
                rule.merge(later, lines_before)
            self.index.merge(result.index)
            advance(piece.end - piece.start)

    def _results(self, pieces: list[Piece]) -> Iterator[PieceResult]:
        check = PieceCheck(
            self.path, self.stream, self.context, self.rules, self.settings, self.index.hashes
        )
        arguments = ((piece, self.tally.listed) for piece in pieces)
        return in_order(check.run, arguments, min(self.jobs, len(pieces)))

    def _conclude(self) -> None:
        records = IndexedRecords(
            self.path,
            self.stream,
            self.index,
            self.context,
            self.jobs,
            wants_contents=self.tally.wants_fingerprints,
        )
        for rule in self.rules:
            if rule.edit_of_file() is not None:
                self.tally.mark_fixable(rule.code)
            problems = rule.conclude(records)
            for position, problem in enumerate(problems):
                if isinstance(problems, Sized) and self.tally.only_counts(rule.code):
                    self.tally.counts[rule.code] += len(problems) - position
                    break
                self.tally.add(rule, problem, 1, "", problem.content or None)

    def _summary(self) -> FileSummary:
        context = self.context
        separator, stop_sequence = context.separator, context.stop_sequence
        return FileSummary(
            path=self.path,
            format=context.record_format if self.tells_format else None,
            records=self.index.records,
            bytes=self.state.size,
            separator=separator.text if separator else None,
            stop_sequence=stop_sequence.text if stop_sequence else None,
            inferred=any(
                mark is not None and mark.origin == "inferred"
                for mark in (separator, stop_sequence)
            ),
        )

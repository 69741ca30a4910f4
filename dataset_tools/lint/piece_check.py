"""One piece of a file through all rules: the part of a check that many processes do at once."""

import pickle
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import BinaryIO, NamedTuple

from msgspec import Struct

from dataset_tools.lines import BATCH_BYTES, LineBatch
from dataset_tools.lint.pieces import Piece, read_piece
from dataset_tools.lint.record_index import RecordIndex
from dataset_tools.lint.settings import LintSettings
from dataset_tools.lint.tally import NONE_LISTED, PieceTally, Tally
from dataset_tools.parsing import parse_batches
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules import FileContext, Problem, Rule
from dataset_tools.rules.record_hashes import RecordHashes


class PieceResult(Struct):
    """What one piece told; line numbers count from the piece's first line."""

    tally: PieceTally
    index: RecordIndex
    rules: list[Rule]  # those that gather something, in order


class PieceCheck:
    """All it takes to check any piece of one file; other processes get it by forking."""

    def __init__(
        self,
        path: str,
        stream: BinaryIO,
        context: FileContext,
        rules: list[Rule],
        settings: LintSettings,
        hashes: RecordHashes | None = None,
    ) -> None:
        self.path = path
        self.stream = stream
        self.context = context
        self.settings = settings
        # a rule does either: what judges records remembers none of them
        self.judges = [rule for rule in rules if judges(rule)]
        self.fresh = pickle.dumps((list(filter(gathers, rules)), hashes))

    def run(
        self,
        piece: Piece,
        listed: Mapping[str, int] = NONE_LISTED,
        batch_bytes: int = BATCH_BYTES,
    ) -> PieceResult:
        """Judge the lines that start in the piece.

        `listed` says how many findings of each code are listed already, from pieces before.
        """
        rules, hashes = self.fresh_gatherers()
        result = PieceResult(
            PieceTally(self.path, self.settings, listed), RecordIndex(hashes), rules
        )
        record_judges = [rule for rule in self.judges if _looks_at(rule, Rule.suspects)]

        def check(start: int, block: bytes) -> None:
            lines = LineBatch(result.index.lines + 1, block)
            for batch in parse_batches(lines, self.context.record_format):
                result.index.add(start, batch)
                for rule in self.judges if batch.odd_lines else record_judges:
                    _judge(rule, batch, result.tally)
                for rule in result.rules:
                    rule.observe(batch)
                start += len(batch.lines.block)

        # a function, so that a batch is gone, and its memory warm, when the next one is read
        for start, block in read_piece(self.stream, piece, batch_bytes):
            check(start, block)
        return result

    def fresh_gatherers(self) -> tuple[list[Rule], RecordHashes | None]:
        """Copies of what gathers something, as it was before any line was checked."""
        rules: list[Rule]
        rules, hashes = pickle.loads(self.fresh)
        for rule in rules:
            rule.context = self.context
        return rules, hashes


def gathers(rule: Rule) -> bool:
    """Whether the rule keeps something of the batches it has seen."""
    return _looks_at(rule, Rule.observe)


def judges(rule: Rule) -> bool:
    """Whether the rule has a verdict on single lines or records."""
    return _looks_at(rule, Rule.suspects) or _looks_at(rule, Rule.check_line)


def _looks_at(rule: Rule, hook: Callable[..., object]) -> bool:
    """Whether the rule overrides the hook."""
    return getattr(type(rule), hook.__name__) is not hook


class _Found(NamedTuple):
    number: int
    problem: Problem
    text: str  # of the line, where a column is to be worked out
    content: Record | str


def _judge(rule: Rule, batch: RecordBatch, tally: Tally) -> None:
    suspects = rule.suspects(batch)
    if not suspects and not batch.odd_lines:
        return
    if tally.only_counts(rule.code):
        tally.counts[rule.code] += _count(rule, batch, suspects)
        return
    found = [*_problems_of_lines(rule, batch), *_problems_of_records(rule, batch, suspects)]
    found.sort(key=lambda each: each.number)
    for each in found:
        tally.add(rule, each.problem, each.number, each.text, each.content)


def _problems_of_lines(rule: Rule, batch: RecordBatch) -> Iterator[_Found]:
    if not _looks_at(rule, Rule.check_line):
        return
    for alike in batch.odd_lines_by_shape.values():
        if any(True for _ in rule.check_line(alike[0])):  # else it has nothing to say of any
            for line in alike:
                for problem in rule.check_line(line):
                    yield _Found(line.number, problem, line.text, line.record or line.text)


def _problems_of_records(
    rule: Rule, batch: RecordBatch, suspects: Collection[int]
) -> Iterator[_Found]:
    for index in suspects:
        record, number = batch.record(index), batch.numbers[index]
        for problem in rule.check_record(record):
            text = batch.line_at(number).decode() if problem.key else ""
            yield _Found(number, problem, text, record)


def _count(rule: Rule, batch: RecordBatch, suspects: Collection[int]) -> int:
    """How many problems the rule finds, without their places."""
    count = 0
    if _looks_at(rule, Rule.check_line):
        for alike in batch.odd_lines_by_shape.values():
            count += len(alike) * sum(1 for _ in rule.check_line(alike[0]))
    return count + rule.count_problems(batch, suspects)

"""Gathering: files through worker processes to one set of counts."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from dataset_tools.errors import InputError
from dataset_tools.lines import LineBatch, open_plain
from dataset_tools.lint.checker import HEAD_BYTES
from dataset_tools.lint.file_state import FileState
from dataset_tools.lint.freed_memory import keep_freed_memory
from dataset_tools.lint.pieces import PIECE_BYTES, Piece, cut, read_piece
from dataset_tools.lint.processes import in_order
from dataset_tools.lint.settings import LintSettings
from dataset_tools.lint.survey import survey
from dataset_tools.marks import Mark
from dataset_tools.parsing import parse_batch
from dataset_tools.records import RecordFormat
from dataset_tools.rules import RULES, FileContext
from dataset_tools.sources import SourceFile
from dataset_tools.stats.partial import DataPartial, FilePartial, PartObserver
from dataset_tools.stats.settings import StatsSettings

TOKENIZED_PIECE_BYTES = PIECE_BYTES // 8  # a piece to tokenize takes about so much longer

Advance = Callable[[int], None]  # called with the number of bytes done since the last call


@dataclass(frozen=True, slots=True)
class GatheredFile:
    """A file's own counts, and what the survey told of it."""

    name: str
    bytes: int  # uncompressed
    record_format: RecordFormat
    separator: Mark | None
    stop_sequence: Mark | None
    counts: FilePartial


def gather(
    source: SourceFile,
    settings: StatsSettings,
    data: DataPartial,
    advance: Advance = lambda done: None,
    *,
    jobs: int = 1,
    piece_bytes: int | None = None,
) -> GatheredFile:
    """Add the records of one file to the counts, with up to `jobs` processes.

    Raises InputError where the file cannot be read, is no JSON Lines or has no record at all.
    """
    keep_freed_memory()
    if piece_bytes is None:
        piece_bytes = PIECE_BYTES if settings.tokenizer is None else TOKENIZED_PIECE_BYTES
    with open_plain(source.path, source.name) as stream:
        state = FileState(source.name, stream)
        surveyed = survey(stream, state.size, _for_survey(settings))
        context = surveyed.context
        _check_head(source.name, stream, context)
        counts = FilePartial()
        pieces = cut(state.size, piece_bytes)
        count = _PieceCount(stream, context, settings)
        parts = in_order(count.run, ((piece,) for piece in pieces), min(jobs, len(pieces)))
        for piece, (file_part, data_part) in zip(pieces, parts, strict=True):
            counts.merge(file_part)
            data.merge(data_part)
            advance(piece.end - piece.start)
        state.check_is_unchanged("count")
    if not counts.records:
        raise _without_records(source.name, counts)
    return GatheredFile(
        source.name,
        state.size,
        context.record_format,
        context.separator,
        context.stop_sequence,
        counts,
    )


@dataclass(frozen=True)
class _PieceCount:
    """All it takes to count any piece of one file; other processes get it by forking."""

    stream: BinaryIO
    context: FileContext
    settings: StatsSettings

    def run(self, piece: Piece) -> tuple[FilePartial, DataPartial]:
        observer = PartObserver(self.context, self.settings)

        def observe(block: bytes) -> None:
            observer.observe(parse_batch(LineBatch(1, block), self.context.record_format))

        # a function, so that a batch is gone, and its memory warm, when the next one is read
        for _, block in read_piece(self.stream, piece):
            observe(block)
        return observer.file, observer.data


def _for_survey(settings: StatsSettings) -> LintSettings:
    return LintSettings(settings.separator, settings.stop_sequence, rules=())


def _check_head(name: str, stream: BinaryIO, context: FileContext) -> None:
    """Refuse a file whose first bytes tell that it is no data, with lint's own words."""
    head = os.pread(stream.fileno(), HEAD_BYTES, 0)
    for rule in RULES.values():
        if rule.ends_the_check:
            for problem in rule(context).check_head(head):
                raise InputError(f"{name}: {problem.message}")


def _without_records(name: str, counts: FilePartial) -> InputError:
    if counts.unreadable:
        return InputError(
            f"{name}: none of its {counts.unreadable:,} lines holds a record; "
            f"'dataset-tools lint {name}' says why"
        )
    state = "holds only blank lines" if counts.blank else "is empty"
    return InputError(f"{name}: the file {state}, expected one JSON object a line")

"""Rewriting: a copy of a file with the edits of one stage made, all else byte for byte."""

import os
import re
from array import array
from bisect import bisect_left
from codecs import getincrementaldecoder
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from dataset_tools.errors import InputError
from dataset_tools.fix.look import Advance, Look, line_edits
from dataset_tools.fix.mended_lines import mended
from dataset_tools.lines import BATCH_BYTES, UTF8_BOM, LineBatch
from dataset_tools.lint.pieces import read_blocks
from dataset_tools.record_batch import RecordBatch
from dataset_tools.rules import Rule
from dataset_tools.rules.edits import (
    Decoding,
    DroppedByteOrderMark,
    DroppedLine,
    FixStage,
    LineEdit,
    LineEndings,
)

_OTHER_ENDINGS = {b"\n": re.compile(rb"\r+\n"), b"\r\n": re.compile(rb"(?<!\r)\n")}


@dataclass(slots=True)
class Rewriting:
    """What became of a file in one stage."""

    counts: Counter[str] = field(default_factory=Counter)  # of edits made, by code
    dropped: "array[int]" = field(default_factory=lambda: array("Q"))  # line numbers, ascending
    decoded_from: str | None = None  # an encoding, as Python knows it


def rewrite(name: str, look: Look, target: IO[bytes], advance: Advance) -> Rewriting:
    """Write the file that was looked at, with the edits of its first stage.

    Raises InputError where its bytes are none of the encoding that it is read in.
    """
    done = Rewriting()
    for part in _parts(name, look, done, advance):
        target.write(part)
    return done


def _parts(name: str, look: Look, done: Rewriting, advance: Advance) -> Iterator[bytes]:
    if look.stage is FixStage.ENCODING:
        yield from _with_encoding(name, look, done, advance)
        return
    if look.text_start:
        yield UTF8_BOM
    if look.stage is FixStage.REPEATS:
        done.counts += look.surplus_counts
        done.dropped = look.surplus_lines
        yield from _without_lines(look, advance)
    elif look.stage is FixStage.ENDINGS:
        for code, edit in look.file_edits:
            if isinstance(edit, LineEndings):
                yield from _with_endings(look, code, edit.ending, done, advance)
    else:
        rules = [rule for rule in look.rules if rule.fix_stage is look.stage]
        for _, batch in look.batches(advance):
            yield _with_line_edits(batch, rules, done)


def _with_encoding(name: str, look: Look, done: Rewriting, advance: Advance) -> Iterator[bytes]:
    """The text without its byte order mark, or decoded; the other is seen to in the next round."""
    for code, edit in look.file_edits:
        if isinstance(edit, DroppedByteOrderMark | Decoding):
            done.counts[code] += 1
            if isinstance(edit, Decoding):
                done.decoded_from = edit.encoding
                yield from _decoded(name, look, edit.encoding, advance)
            else:
                for _, block in read_blocks(look.stream, look.text_start, look.size):
                    advance(len(block))
                    yield block
            return


def _decoded(name: str, look: Look, encoding: str, advance: Advance) -> Iterator[bytes]:
    position = look.text_start
    decoder = getincrementaldecoder(encoding)()
    if position:
        yield UTF8_BOM
    while position < look.size:
        block = os.pread(look.stream.fileno(), BATCH_BYTES, position)
        if not block:
            return  # the file has become shorter; the fixer tells
        position += len(block)
        try:
            yield decoder.decode(block, final=position >= look.size).encode()
        except UnicodeError as error:
            raise InputError(
                f"{name}: starts as {encoding}, but not all of it is that: it is damaged or cut "
                f"short before byte {position}; fetch the file again"
            ) from error
        advance(len(block))


def _without_lines(look: Look, advance: Advance) -> Iterator[bytes]:
    surplus, number, position = look.surplus_lines, 1, 0
    for _, block in read_blocks(look.stream, look.text_start, look.size):
        advance(len(block))
        count = block.count(b"\n") + (not block.endswith(b"\n"))
        end = bisect_left(surplus, number + count, lo=position)
        if end == position:
            yield block
        else:
            gone = set(surplus[position:end])
            lines = enumerate(LineBatch(number, block).lines, number)
            yield b"".join(line for each, line in lines if each not in gone)
        number, position = number + count, end


def _with_endings(
    look: Look, code: str, ending: bytes, done: Rewriting, advance: Advance
) -> Iterator[bytes]:
    for _, block in read_blocks(look.stream, look.text_start, look.size):
        advance(len(block))
        part, count = _OTHER_ENDINGS[ending].subn(ending, block)
        done.counts[code] += count
        yield part


def _with_line_edits(batch: RecordBatch, rules: list[Rule], done: Rewriting) -> bytes:
    edits: defaultdict[int, list[LineEdit]] = defaultdict(list)
    for rule in rules:
        for number, edit in line_edits(rule, batch):
            edits[number].append(edit)
            done.counts[rule.code] += 1
    if not edits:
        return batch.lines.block
    lines = batch.lines.lines.copy()
    closing_quotes = _closing_quotes(batch)
    for number in sorted(edits):
        index = number - batch.lines.first_number
        places = {key: ends[index] for key, ends in closing_quotes.items()}
        lines[index] = mended(lines[index], edits[number], places)
        if any(isinstance(edit, DroppedLine) for edit in edits[number]):
            done.dropped.append(number)
    return b"".join(lines)


def _closing_quotes(batch: RecordBatch) -> dict[str, list[int]]:
    """For each key the bytes of each line at which its value ends, where a look at bytes tells."""
    starts = batch.byte_scan.line_starts
    return {key: (edges.ends - starts).tolist() for key, edges in batch.value_edges.items()}

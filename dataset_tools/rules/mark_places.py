"""Where marks stand: in one text, and told for a whole batch from a count."""

from functools import lru_cache
from itertools import islice, pairwise

from dataset_tools.byte_scan import rarest_byte
from dataset_tools.record_batch import RecordBatch
from dataset_tools.rules.rule import FileContext
from dataset_tools.rules.text_edges import (
    Column,
    bare,
    columns_of,
    edges_of,
    lacks_its_mark,
    mark_of,
)


def own_mark_inside(context: FileContext, column: Column, text: str) -> int:
    """Where the column's mark stands elsewhere than at the text's end, -1 where it does not.

    A mark with nothing but white space behind it is at the end as well where DT301 or DT303 names
    the text: one cause, one finding.
    """
    mark = mark_of(context, column)
    if mark is None:
        return -1
    body = bare(context, column, text)
    if lacks_its_mark(context, column, text):
        last_at = body.rfind(mark.text)
        if last_at != -1 and not body[last_at + len(mark.text) :].strip():
            body = body[:last_at]
    return body.find(mark.text)


def stands_only_at_ends(batch: RecordBatch, context: FileContext, mark: str) -> bool:
    """Whether the mark stands at the end of texts only; False where that takes a closer look.

    If all texts end with their marks, a part of the mark is in no other mark, and the lines hold it
    no oftener than that takes, then the mark stands nowhere else. Nor can it overlap itself: each
    place of it has the part in places of its own.
    """
    carried = _carried_by_all(batch, context)
    if mark in carried:
        others = [other for other in carried if other != mark]
        for part in _telling_parts(mark):
            needed = carried.count(mark) * _count_overlapping(mark, part) * len(batch)
            if any(part in other for other in others):
                continue
            if _count_in_lines(batch, part) == needed:
                return True
    return batch.byte_scan.count_text(mark) == len(batch) * carried.count(mark)


def _carried_by_all(batch: RecordBatch, context: FileContext) -> list[str]:
    """The marks that all texts of their column end with."""
    marks = [(column, mark_of(context, column)) for column in columns_of(batch)]
    return [
        mark.text
        for column, mark in marks
        if mark is not None and not edges_of(batch).without(column, mark.text)
    ]


@lru_cache
def _telling_parts(mark: str) -> tuple[str, ...]:
    """Parts of a mark by which its places are quickly counted, the quickest first.

    A line break and what follows it, a rare sign, two characters. A letter alone tells little:
    texts hold capital letters, too.
    """
    plain = "".join(filter(_is_spelt_as_it_is, mark))
    parts = []
    if line_starts := [each for each in map("".join, pairwise(mark)) if _starts_line(each)]:
        parts.append(line_starts[0])
    if plain and not (rarest := chr(rarest_byte(plain.encode()))).isalnum():
        parts.append(rarest)
    pairs = filter(_is_spelt_as_it_is_and_dark, map("".join, pairwise(mark)))
    return (*parts, *islice(pairs, 1))


def _count_in_lines(batch: RecordBatch, part: str) -> int | None:
    scan = batch.byte_scan
    if _starts_line(part):
        return scan.count_line_starts(part[1])
    return scan.count_character(part) if len(part) == 1 else scan.count_pair(part)


def _count_overlapping(text: str, part: str) -> int:
    return sum(text.startswith(part, start) for start in range(len(text)))


def _is_spelt_as_it_is(text: str) -> bool:
    return all(" " <= character <= "~" and character not in '"\\' for character in text)


def _starts_line(part: str) -> bool:
    return len(part) == 2 and part[0] == "\n" and _is_spelt_as_it_is_and_dark(part[1])


def _is_spelt_as_it_is_and_dark(text: str) -> bool:
    return _is_spelt_as_it_is(text) and " " not in text

"""Where marks stand: in one text, and told for a whole batch from a count."""

from dataset_tools.byte_scan import rarest_byte
from dataset_tools.parsing import RecordBatch
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

    If all texts end with their marks, the mark's rarest character is none of the other mark's, and
    the lines hold it no oftener than that takes, then the mark stands nowhere else. Nor can it
    overlap itself: each place of it has the character in places of its own.
    """
    carried = _carried_by_all(batch, context)
    plain = "".join(filter(_is_spelt_as_it_is, mark))
    if mark in carried and plain:
        rarest = chr(rarest_byte(plain.encode()))
        needed = carried.count(mark) * mark.count(rarest) * len(batch)
        is_its_own = all(other == mark or rarest not in other for other in carried)
        if is_its_own and batch.byte_scan.count_character(rarest) == needed:
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


def _is_spelt_as_it_is(character: str) -> bool:
    return " " <= character <= "~" and character not in '"\\'

"""What the rules about marks share: cheap looks at a whole batch."""

from collections.abc import Callable, Collection, Sequence

from dataset_tools.parsing import RecordBatch
from dataset_tools.rules.rule import indices_where


def stands_only_at_ends(
    batch: RecordBatch, mark: str, without: Callable[[str], Collection[int]]
) -> bool:
    """Whether the mark stands at the end of texts only; False where that takes a closer look.

    `without` gives the rows whose text on the mark's own side does not end with it.
    """
    count = batch.byte_scan.count_text(mark)
    return count == 0 or (count == len(batch) and not without(mark))


def may_be_blank(texts: Sequence[str], heads: Sequence[str], mark: str) -> Collection[int]:
    """The indices of the texts that may be blank apart from a mark at their end.

    `heads` are the texts' first two characters. A blank text is short, or begins with two blanks.
    """
    shortest = min(map(len, texts), default=len(mark) + 2)
    if shortest > len(mark) + 1 and not any(map(str.isspace, set(heads))):
        return ()
    return indices_where(not text.removesuffix(mark).strip() for text in texts)

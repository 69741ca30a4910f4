"""Repeats: records that say the same as an earlier one, confirmed by what they say.

Equal 64-bit hashes make candidates; a second reading compares 128-bit digests of their texts.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial, reduce
from operator import or_
from typing import TYPE_CHECKING, NamedTuple, overload

from dataset_tools.parsing import RecordBatch
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.rules.edits import Edit
from dataset_tools.rules.hash_log import mixed
from dataset_tools.rules.partitions import in_partitions
from dataset_tools.rules.record_hashes import Candidates, RecordHashes
from dataset_tools.rules.rule import Problem, RecordLookup
from dataset_tools.rules.text_digests import lasting_digests, passing_digests

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dataset_tools.rules.hash_log import Hashes
    from dataset_tools.rules.text_digests import Digests

    Rows = NDArray[np.void]  # of `_row_type`

TEXTS = ("prompt", "completion")  # columns of rows
ROWS_AT_ONCE = 250_000  # of more candidates as many are held in memory, some 49 bytes each


class Repeats(NamedTuple):
    """Records of which there is an earlier one like them, in file order."""

    lines: "NDArray[np.int64]"
    first_lines: "NDArray[np.int64]"  # of the first of each one's kind
    weighs_the_same: "NDArray[np.bool_]"  # as that first one
    contents: "NDArray[np.int64]"  # the same in other files; none unless `records.wants_contents`


class FoundRepeats(NamedTuple):
    """The records of a file that repeat an earlier one, in two ways."""

    of_records: Repeats  # the same prompt and completion
    of_prompts: Repeats  # the same prompt, which is not blank, and another completion


class RepeatProblems(Sequence[Problem]):
    """A problem for each repeat; they are made when they are asked for."""

    def __init__(self, message: str, repeats: Repeats, edit: Edit | None = None) -> None:
        self.message = message  # with {first} for the line of the first
        self.repeats = repeats
        self.edit = edit  # of those that weigh the same

    def __len__(self) -> int:
        return len(self.repeats.lines)

    @overload
    def __getitem__(self, index: int) -> Problem: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Problem]: ...
    def __getitem__(self, index: int | slice) -> Problem | Sequence[Problem]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        repeats = self.repeats
        return Problem(
            self.message.format(first=repeats.first_lines[index]),
            line=int(repeats.lines[index]),
            content=repeats.contents[index].tobytes().hex(),
            edit=self.edit if repeats.weighs_the_same[index] else None,
        )


def find_repeats(
    records: RecordLookup, hashes: RecordHashes, prompt_format: PromptFormat
) -> FoundRepeats:
    """The records of a file that repeat an earlier one."""
    look = partial(_each_look, records, prompt_format)
    told = TEXTS if records.wants_contents else ()
    of_records: list[Repeats] = []
    of_prompts: list[Repeats] = []
    for rows in look(hashes.of_repeated_records()):
        of_records.append(_same_records(rows, told))
        if hashes.prompts is None:
            of_prompts.append(_other_completions(rows, told))
    if hashes.prompts is not None:
        of_prompts = [_other_completions(rows, told) for rows in look(hashes.of_shared_prompts())]
    return FoundRepeats(_in_file_order(of_records), _in_file_order(of_prompts))


def _each_look(
    records: RecordLookup, prompt_format: PromptFormat, candidates: Candidates
) -> "Iterator[Rows]":
    """The candidates as rows, those that may be alike together, some ROWS_AT_ONCE at a time."""
    digests = lasting_digests if records.wants_contents else passing_digests
    identify = partial(_identify, prompt_format, digests)
    ordinals = candidates.log.ordinals_of(candidates.hashes.hashes)

    def chunks() -> "Iterator[tuple[Hashes, Rows]]":
        for rows in records.map_batches(ordinals, identify):
            yield _keys(rows, by_prompt=candidates.are_of_prompts), rows

    return in_partitions(chunks(), candidates.hashes.total // ROWS_AT_ONCE + 1)


def _keys(rows: "Rows", *, by_prompt: bool) -> "Hashes":
    """A hash of each row, alike for rows that are to be compared."""
    import numpy as np

    prompts, completions = rows["prompt"][:, 0], rows["completion"][:, 0]
    keys = mixed(prompts, completions)
    if by_prompt:
        keys = np.where(rows["is_blank"], keys, prompts)
    return keys


def _identify(
    prompt_format: PromptFormat,
    digests: "Callable[[list[str]], Digests]",
    batch: RecordBatch,
    indices: list[int],
) -> "Rows":
    import numpy as np

    rows = np.empty(len(indices), _row_type())
    prompts = _chosen(batch.prompts, indices) if batch.prompts else [""] * len(indices)
    weights = batch.weights
    rows["line"] = np.array(batch.numbers)[indices]
    rows["prompt"] = digests(prompts)
    rows["completion"] = digests(_chosen(batch.completions, indices))
    rows["is_blank"] = _are_blank(prompt_format, prompts)
    rows["weight"] = [weights.get(index, 1.0) for index in indices] if weights else 1.0
    return rows


def _chosen(texts: list[str], indices: list[int]) -> list[str]:
    return texts if len(indices) == len(texts) else [texts[index] for index in indices]


@cache
def _row_type() -> "np.dtype[np.void]":
    import numpy as np

    digests = (np.int64, 2)
    return np.dtype(
        [
            ("line", np.int64),
            ("prompt", *digests),
            ("completion", *digests),
            ("is_blank", np.bool_),  # the prompt
            ("weight", np.float64),
        ]
    )


def _are_blank(prompt_format: PromptFormat, prompts: list[str]) -> list[bool]:
    starts = [prompt[:1] for prompt in prompts]
    doubtful = {each for each in set(starts) if not each.strip()} | {prompt_format.separator[:1]}
    return [
        start in doubtful and not prompt_format.bare_prompt(prompt).strip()
        for start, prompt in zip(starts, prompts, strict=True)
    ]


def _same_records(rows: "Rows", told: Sequence[str]) -> Repeats:
    import numpy as np

    firsts = first_alike([*rows["prompt"].T, *rows["completion"].T])
    return _repeats(rows, firsts, firsts != np.arange(len(firsts)), told)


def _other_completions(rows: "Rows", told: Sequence[str]) -> Repeats:
    firsts = first_alike([*rows["prompt"].T])
    differs = _differs([*rows["completion"].T], firsts)
    return _repeats(rows, firsts, differs & ~rows["is_blank"], told)


def first_alike(columns: list["NDArray[np.int64]"]) -> "NDArray[np.intp]":
    """The index of the first row that equals each row."""
    import numpy as np

    key = reduce(mixed, columns)
    order = np.argsort(key)
    begins = np.flatnonzero(np.diff(key[order], prepend=~key[order[:1]]))
    firsts = np.empty_like(order)
    lowest = np.minimum.reduceat(order, begins) if len(order) else order
    firsts[order] = np.repeat(lowest, np.diff(begins, append=len(order)))
    others = np.flatnonzero(_differs(columns, firsts))  # which have the same key all the same
    if len(others):
        firsts[others] = others[first_alike([column[others] for column in columns])]
    return firsts


def _differs(
    columns: list["NDArray[np.int64]"], from_rows: "NDArray[np.intp]"
) -> "NDArray[np.bool_]":
    """Whether each row differs from another one."""
    return reduce(or_, (column != column[from_rows] for column in columns))


def _repeats(
    rows: "Rows", firsts: "NDArray[np.intp]", chosen: "NDArray[np.bool_]", told: Sequence[str]
) -> Repeats:
    """The chosen rows as repeats of their first ones; half of each told digest is their content."""
    import numpy as np

    firsts = firsts[chosen]
    lines, weights = rows["line"], rows["weight"]
    contents = np.empty((len(firsts), len(told)), np.int64)
    for number, column in enumerate(told):
        contents[:, number] = rows[column][chosen, 0]
    return Repeats(lines[chosen], lines[firsts], weights[chosen] == weights[firsts], contents)


def _in_file_order(parts: list[Repeats]) -> Repeats:
    """All in one; the parts are let go one by one, since millions of repeats may be in them."""
    import numpy as np

    nothing = np.empty(0, np.int64)
    parts = parts or [Repeats(nothing, nothing, nothing.astype(bool), nothing.reshape(0, 0))]
    columns = [list(column) for column in zip(*parts, strict=True)]
    parts.clear()
    order = np.argsort(np.concatenate(columns[0]))
    ordered = []
    for column in columns:
        ordered.append(np.concatenate(column)[order])
        column.clear()
    return Repeats(*ordered)

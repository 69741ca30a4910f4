"""Repeats: records that say the same as an earlier one, confirmed by what they say.

Equal 64-bit hashes make candidates; a second reading compares 128-bit digests of their texts.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial, reduce
from operator import or_
from typing import TYPE_CHECKING, NamedTuple, overload

from dataset_tools.prompt_format import PromptFormat
from dataset_tools.record_batch import RecordBatch
from dataset_tools.rules.edits import Edit
from dataset_tools.rules.hash_log import mixed
from dataset_tools.rules.partitions import Partitions, parted, partition_count
from dataset_tools.rules.record_hashes import Candidates, RecordHashes
from dataset_tools.rules.rule import Problem, RecordLookup
from dataset_tools.rules.text_digests import lasting_digests, passing_digests

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dataset_tools.rules.hash_log import Hashes
    from dataset_tools.rules.text_digests import Digests

    Rows = NDArray[np.void]  # of `_row_type`
    Comparison = Callable[[Rows, Sequence[str]], "Repeats"]

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
    look = partial(_look, records, prompt_format)
    if hashes.prompts is None:
        both = look(hashes.of_repeated_records(), (_same_records, _other_completions))
        return FoundRepeats(*both)
    (of_records,) = look(hashes.of_repeated_records(), (_same_records,))
    (of_prompts,) = look(hashes.of_shared_prompts(), (_other_completions,))
    return FoundRepeats(of_records, of_prompts)


def _look(
    records: RecordLookup,
    prompt_format: PromptFormat,
    candidates: Candidates,
    comparisons: "Sequence[Comparison]",
) -> list[Repeats]:
    """What each comparison finds among the candidates.

    Those that may be alike are compared together, some ROWS_AT_ONCE at a time.
    """
    told = TEXTS if records.wants_contents else ()
    digests = lasting_digests if records.wants_contents else passing_digests
    ordinals = candidates.log.ordinals_of(candidates.hashes.hashes)
    with Partitions(partition_count(candidates.hashes.total, ROWS_AT_ONCE)) as partitions:
        identify = partial(
            _identify, prompt_format, digests, candidates.are_of_prompts, partitions.count
        )
        for parts in records.map_batches(ordinals, identify):
            partitions.add(parts)
        partitions.complete()
        compare = partial(_compare, partitions, comparisons, told)
        found = [*records.map_tasks(compare, partitions.count)]
    by_comparison = [[*each] for each in zip(*found, strict=True)]
    found.clear()
    return [*map(_in_file_order, by_comparison)]


def _compare(
    partitions: Partitions,
    comparisons: "Sequence[Comparison]",
    told: Sequence[str],
    number: int,
) -> list[Repeats]:
    """What each comparison finds among the rows of one partition."""
    import numpy as np

    rows = np.frombuffer(partitions.read(number), _row_type())
    return [comparison(rows, told) for comparison in comparisons]


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
    by_prompt: bool,  # those that may be alike have the same prompt, not the same texts
    count: int,
    batch: RecordBatch,
    indices: Sequence[int],
) -> list[bytes]:
    """The chosen records of a batch as rows, in `count` partitions."""
    import numpy as np

    rows = np.empty(len(indices), _row_type())
    prompts = _chosen(batch.prompts, indices) if batch.prompts else [""] * len(indices)
    weights = batch.weights
    rows["line"] = _lines(batch, indices)
    rows["prompt"] = digests(prompts)
    rows["completion"] = digests(_chosen(batch.completions, indices))
    rows["is_blank"] = _are_blank(prompt_format, prompts)
    rows["weight"] = [weights.get(index, 1.0) for index in indices] if weights else 1.0
    return parted(_keys(rows, by_prompt=by_prompt), rows, count)


def _lines(batch: RecordBatch, indices: Sequence[int]) -> "NDArray[np.int64]":
    lines = _as_array(batch.numbers)
    chosen: NDArray[np.int64] = lines[_as_array(indices)]
    return chosen


def _as_array(numbers: Sequence[int]) -> "NDArray[np.int64]":
    """The numbers; at once where they are a range without a step."""
    import numpy as np

    if isinstance(numbers, range):
        return np.arange(numbers.start, numbers.stop)
    return np.array(numbers, np.int64)


def _chosen(texts: list[str], indices: Sequence[int]) -> list[str]:
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
    if doubtful.isdisjoint(starts):
        return [False] * len(prompts)
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

    columns = [list(column) for column in zip(*parts, strict=True)]
    parts.clear()
    order = np.argsort(np.concatenate(columns[0]))
    ordered = []
    for column in columns:
        ordered.append(np.concatenate(column)[order])
        column.clear()
    return Repeats(*ordered)

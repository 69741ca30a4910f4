"""The choice: which groups go to validation and test; what is left is for training.

Groups are gone through in the order of their keys. Each goes to validation if it fits into what
validation still lacks, or else to test if it fits there, or else to training. That order follows
from seed and texts alone, so a row that is added moves few others. Where it leaves a part short, an
exact sum of group sizes is looked for (subset sums, as bits of a number).

With classes, each part's size is shared out to them by largest remainder, and each class keeps a
group for training. A group with records of several classes counts as the first of them by name.

Memory: beside the keys, 8 bytes a record for the sorted ones and 1 byte for the parts.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dataset_tools.split.grouping import CLASS_BITS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Keys = NDArray[np.uint64]
    Numbers = NDArray[np.int64]

TRAIN, VALIDATION, TEST = range(3)
PARTS = ("train", "validation", "test")

CHUNK = 2**14  # records gone through at once
_MOST_SUM_BITS = 2**28  # 32 MB of numbers to look for an exact sum in


class _Chunk(NamedTuple):
    """Consecutive groups: where each starts among the sorted keys, its records, its class."""

    starts: "Numbers"
    sizes: "Numbers"
    classes: "Numbers"


class Groups:
    """The groups of a file, from the keys of its records, and the part that each is in."""

    def __init__(self, keys: "Keys", class_count: int) -> None:
        import numpy as np

        self.keys = np.sort(keys)
        self.parts = np.zeros(len(keys), np.uint8)  # of groups, at their starts
        self.class_records = np.zeros(class_count, np.int64)
        self.class_groups = np.zeros(class_count, np.int64)
        self.smallest = len(keys)  # records
        for chunk in self._chunks():
            self.smallest = min(self.smallest, int(chunk.sizes.min()))
            self.class_groups += np.bincount(chunk.classes, minlength=class_count)
            records = np.bincount(chunk.classes, chunk.sizes, minlength=class_count)
            self.class_records += records.astype(np.int64)
        self.may_go: list[int] = (self.class_groups - 1).tolist()  # so many groups of each class

    def __len__(self) -> int:
        return int(self.class_groups.sum())

    def count(self, part: int) -> int:
        """How many groups a part has."""
        if part == TRAIN:
            return len(self) - self.count(VALIDATION) - self.count(TEST)
        return int((self.parts == part).sum())

    def chosen(self, part: int) -> "Keys":
        """The group hashes of a part, ascending."""
        hashes: Keys = self.keys[self.parts == part] >> CLASS_BITS
        return hashes

    def choose(self, wanted: Sequence[int]) -> None:
        """Fill validation and test with as many records as `wanted`, in this order.

        `wanted` leaves at least one group of records over.
        """
        if len(self.class_groups) > 1:
            quotas = self._quotas(wanted)
            left = [total - sum(quota) for total, quota in zip(wanted, quotas, strict=True)]
            short = self._fill(quotas)
            pooled = [[sum(missing) + more] for missing, more in zip(short, left, strict=True)]
            self._fill(pooled)
        elif any(missing != [0] for missing in self._fill([[number] for number in wanted])):
            self._fill_exactly(wanted)

    def _quotas(self, wanted: Sequence[int]) -> list[list[int]]:
        """For each part, how many records of each class."""
        has_two = self.class_groups > 1
        weights = [int(n) if two else 0 for n, two in zip(self.class_records, has_two, strict=True)]
        room = [max(weight - 1, 0) for weight in weights]
        quotas = []
        for number in wanted:
            quotas.append(shared_out(number, weights, room))
            room = [free - taken for free, taken in zip(room, quotas[-1], strict=True)]
        return quotas

    def _fill(self, wanted: Sequence[Sequence[int]]) -> list[list[int]]:
        """Put groups that are in training into parts; returns how many records are still missing.

        `wanted` has a row a part, with a number for each class or one for all of them.
        """
        import numpy as np

        left = [list(row) for row in wanted]
        is_pooled = len(left[0]) == 1
        for chunk in self._chunks():
            if not any(map(any, left)):
                break
            strata = np.zeros_like(chunk.classes) if is_pooled else chunk.classes
            fits = chunk.sizes <= np.max(left, axis=0)[strata]
            fits &= self.parts[chunk.starts] == TRAIN
            places = [column[fits].tolist() for column in (*chunk, strata)]
            for start, size, class_number, stratum in zip(*places, strict=True):
                for part, row in enumerate(left, VALIDATION):
                    if size <= row[stratum] and self.may_go[class_number] > 0:
                        row[stratum] -= size
                        self.may_go[class_number] -= 1
                        self.parts[start] = part
                        break
        return left

    def _fill_exactly(self, wanted: Sequence[int]) -> None:
        """Choose anew by size, as near below what is wanted as the sizes allow."""
        counts = Counter[int]()
        for chunk in self._chunks():
            counts.update(chunk.sizes.tolist())
        budgets = []
        for number in wanted:
            budget = nearest_sum(counts, number)
            if budget is None:
                return
            counts.subtract(budget)
            budgets.append(budget)
        self.parts[:] = TRAIN
        for chunk in self._chunks():
            for start, size in zip(chunk.starts.tolist(), chunk.sizes.tolist(), strict=True):
                for part, budget in enumerate(budgets, VALIDATION):
                    if budget[size] > 0:
                        budget[size] -= 1
                        self.parts[start] = part
                        break

    def _chunks(self) -> Iterator[_Chunk]:
        import numpy as np

        class_mask = np.uint64(2**CLASS_BITS - 1)
        start = 0
        while start < len(self.keys):
            stop = min(start + CHUNK, len(self.keys))
            end_of_group = self.keys[stop - 1] | class_mask
            stop = int(np.searchsorted(self.keys, end_of_group, side="right"))
            hashes = self.keys[start:stop] >> CLASS_BITS
            starts = np.flatnonzero(np.append(True, hashes[1:] != hashes[:-1]))
            sizes = np.diff(np.append(starts, len(hashes)))
            classes = (self.keys[start + starts] & class_mask).astype(np.int64)
            yield _Chunk(start + starts, sizes, classes)
            start = stop


def shared_out(total: int, weights: Sequence[int], room: Sequence[int]) -> list[int]:
    """`total` in proportion to the weights by largest remainder, nowhere more than the room.

    What a weight has no room for goes to the others; less is given out where all room is taken.
    Of equal remainders the first is rounded up first.
    """
    weight = sum(weights)
    if not weight:
        return [0] * len(weights)
    shares = [divmod(total * each, weight) for each in weights]
    given = [min(whole, free) for (whole, _), free in zip(shares, room, strict=True)]
    by_remainder = sorted(range(len(weights)), key=lambda index: -shares[index][1])
    left = min(total, sum(room)) - sum(given)
    while left:
        for index in by_remainder:
            if left and weights[index] and given[index] < room[index]:
                given[index] += 1
                left -= 1
    return given


def nearest_sum(counts: Mapping[int, int], wanted: int) -> Counter[int] | None:
    """How many of each size give the largest sum up to `wanted`; None where that takes too long.

    `counts` tells how many there are of each size. Each step adds one more multiple of a size to
    the sums that can be made, which are the bits of a number.
    """
    multiples = [
        (size, times)
        for size, count in sorted(counts.items())
        for times in _powers(min(count, wanted // size))
    ]
    if len(multiples) * wanted > _MOST_SUM_BITS:
        return None
    mask = (1 << (wanted + 1)) - 1
    sums = [1]
    for size, times in multiples:
        sums.append((sums[-1] | sums[-1] << size * times) & mask)
    total = sums.pop().bit_length() - 1
    chosen = Counter[int]()
    for (size, times), before in zip(reversed(multiples), reversed(sums), strict=True):
        if not before >> total & 1:
            chosen[size] += times
            total -= size * times
    return chosen


def _powers(count: int) -> Iterator[int]:
    """Numbers of which any number up to `count` is a sum."""
    power = 1
    while count > 0:
        yield min(power, count)
        count -= power
        power *= 2

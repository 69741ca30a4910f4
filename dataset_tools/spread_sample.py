"""A sample of rows that stands for all of them, the same one each time."""

from collections.abc import Sequence
from functools import lru_cache


@lru_cache
def spread_sample(count: int, most: int) -> Sequence[int]:
    """At most `most` of the numbers from 0 to `count` - 1, ascending.

    Drawn at random, by a fixed seed: each k-th row of files in which several sources take turns
    might be of one source.
    """
    if count <= most:
        return range(count)
    from random import Random

    return sorted(Random(count).sample(range(count), most))

"""MinHash with banding: which records of a file may be alike, without comparing all with all.

A signature has 128 values; two records agree in each with a chance that is their Jaccard
similarity s. It is cut into b bands of r values, and records that agree in a whole band become a
pair to compare: s^r a band, 1 - (1 - s^r)^b in all (Broder 1997; Leskovec, Rajaraman, Ullman,
Mining of Massive Datasets, section 3.4). Each band is kept as one 32-bit number a record, so b = 21
and r = 6, for a threshold of 0.8, take 84 bytes and miss two in a thousand pairs at the threshold.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from dataset_tools.errors import MissingExtraError
from dataset_tools.rules.number_column import NumberColumn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_VALUES = 128
_SEED = 1
_LEAST_RECALL = 0.99  # chance that a pair right at the threshold is compared


class MinHashBands:
    """The bands of all records' signatures, and a hash of each record that tells exact copies.

    Raises MissingExtraError where the MinHash library is not installed.
    """

    def __init__(self, threshold: float) -> None:
        _min_hash_class()
        self.rows = _rows_of_a_band(threshold)
        self.bands = [NumberColumn("I") for _ in range(_VALUES // self.rows)]
        self.identities = NumberColumn("q")

    def add(self, shingle_sets: Iterable[set[str]], identities: "NDArray[np.int64]") -> None:
        """Enter records, each with its shingles and a hash of its texts."""
        import numpy as np

        signatures = np.array([_signature(each) for each in shingle_sets], np.uint64)
        used = signatures.reshape(-1, _VALUES)[:, : len(self.bands) * self.rows]
        banded = used.reshape(-1, len(self.bands), self.rows)
        factors = np.random.default_rng(_SEED).integers(1, 2**63, self.rows, np.uint64) | 1
        hashes = ((banded * factors).sum(axis=2, dtype=np.uint64) >> 32).astype(np.uint32)
        for number, band in enumerate(self.bands):
            band.append(hashes[:, number].tobytes())
        self.identities.append(identities.tobytes())

    def merge(self, later: "MinHashBands") -> None:
        """Enter the records of the piece that follows."""
        for band, later_band in zip(self.bands, later.bands, strict=True):
            band.merge(later_band)
        self.identities.merge(later.identities)

    def candidates(self) -> "NDArray[np.int64]":
        """Pairs (record, earlier record) that may be alike, of shape (pairs, 2), ascending.

        To be asked for once: what was gathered is let go.

        Exact copies of an earlier record are left out. Of the records that agree in a band, each
        is paired with the first: comparing all with all would take forever.
        """
        import numpy as np

        kept = np.flatnonzero(~_is_repeat(self.identities.take()))
        codes: NDArray[np.uint64] = np.empty(0, np.uint64)
        for band in self.bands:
            records, firsts = _pairs(band.take()[kept])
            codes = np.unique(np.concatenate([codes, records << 32 | firsts]))
        places = np.stack([codes >> 32, codes & 0xFFFFFFFF], axis=1).astype(np.int64)
        chosen: NDArray[np.int64] = kept[places]
        return chosen


def _min_hash_class() -> Any:
    try:
        from rensa import RMinHash
    except ImportError as error:
        raise MissingExtraError("DT403, which finds near-duplicates,", "near-duplicates") from error
    return RMinHash


def _signature(shingles: set[str]) -> list[int]:
    # one at a time: the library's batches use threads, which a forked process does not have
    minhash = _min_hash_class()(_VALUES, _SEED)
    minhash.update(list(shingles))
    signature: list[int] = minhash.digest()
    return signature


def _rows_of_a_band(threshold: float) -> int:
    """The most values of a band that still find nearly all pairs at the threshold."""
    fitting = (
        rows
        for rows in range(_VALUES, 0, -1)
        if 1 - (1 - threshold**rows) ** (_VALUES // rows) >= _LEAST_RECALL
    )
    return next(fitting, 1)


def _is_repeat(identities: "NDArray[Any]") -> "NDArray[np.bool_]":
    import numpy as np

    order = np.argsort(identities, kind="stable")
    ordered = identities[order]
    is_repeat = np.zeros(len(identities), np.bool_)
    is_repeat[order[1:]] = ordered[1:] == ordered[:-1]
    return is_repeat


def _pairs(hashes: "NDArray[Any]") -> "tuple[NDArray[np.uint64], NDArray[np.uint64]]":
    """The records that share their hash with an earlier one, and the first with that hash."""
    import numpy as np

    order = np.argsort(hashes, kind="stable").astype(np.uint64)
    ordered = hashes[order]
    starts = np.ones(len(order), np.bool_)
    starts[1:] = ordered[1:] != ordered[:-1]
    firsts = order[starts][np.cumsum(starts) - 1]
    return order[~starts], firsts[~starts]

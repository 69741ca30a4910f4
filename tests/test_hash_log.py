"""The hash log counts the same in memory and on disk."""

import pickle

import numpy as np
import pytest

from dataset_tools.rules import hash_log


def test_different_hashes_are_counted_on_disk_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once there are more hashes than are held, partitions of them give the same count."""
    monkeypatch.setattr(hash_log, "HELD_HASHES", 50)
    monkeypatch.setattr(hash_log, "HASHES_AT_ONCE", 50)
    hashes = np.random.default_rng(0).integers(-40, 40, 700)
    log = hash_log.HashLog()
    for start in range(0, 700, 35):
        part = hash_log.HashLog()
        part.add(hashes[start : start + 35])
        log.merge(part)

    assert log.spilled is not None
    assert len(set(hashes.tolist())) == log.count_distinct()
    assert hash_log.HashLog().count_distinct() == 0


@pytest.mark.parametrize("sent", [False, True])
def test_a_piece_of_many_short_records_is_merged_whole(
    sent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A piece may hold more hashes than stay in memory, and come from another process."""
    monkeypatch.setattr(hash_log, "HELD_HASHES", 50)
    hashes = np.arange(240)
    log = hash_log.HashLog()
    for start in (0, 120):
        part = hash_log.HashLog()
        for first in range(start, start + 120, 40):
            part.add(hashes[first : first + 40])
        log.merge(pickle.loads(pickle.dumps(part)) if sent else part)

    assert log.spilled is not None
    assert hashes.tolist() == np.concatenate([*log.chunks()]).tolist()

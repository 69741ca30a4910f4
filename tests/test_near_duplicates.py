"""MinHash bands: what they find, what they leave out, and what they hold."""

import json
import random
import sys
from pathlib import Path

import numpy as np
import pytest

from dataset_tools.errors import MissingExtraError
from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.rules import RULES, dt403_near_duplicate, number_column
from dataset_tools.rules.min_hash_bands import MinHashBands
from dataset_tools.rules.number_column import NumberColumn
from dataset_tools.rules.shingles import shingles
from dataset_tools.sources import SourceFile

WORDS = [f"word{number}" for number in range(2000)]
LONGEST_BANDS = 90  # bytes a record at the default threshold, without the 8 of its identity


def texts_with_near_duplicates(rng: random.Random) -> list[str]:
    """Random texts of 60 words, every third a copy of an earlier one with one to three changes."""
    texts: list[str] = []
    for number in range(300):
        words = rng.choices(WORDS, k=60)
        if number % 3 == 2:
            words = rng.choice(texts).split()
            for _ in range(rng.randint(1, 3)):
                words[rng.randrange(60)] = rng.choice(WORDS)
        texts.append(" ".join(words))
    return texts


def jaccard(one: str, other: str) -> float:
    ones, others = shingles(one), shingles(other)
    return len(ones & others) / len(ones | others)


def found_in(texts: list[str], folder: Path, **how: int) -> dict[int, str]:
    path = folder / "data.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    report = LintReport()
    settings = LintSettings(rules=(RULES["DT403"],))
    check_source(SourceFile("data.jsonl", path), settings, report, **how)
    messages = {each.line: each.message for each in report.findings}
    assert len(messages) == len(report.findings)
    return messages


@pytest.mark.parametrize("held_bytes", [2**21, 0], ids=["in memory", "on disk"])
def test_what_is_found_is_what_comparing_all_finds(
    held_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each near-duplicate is found with its first, and no other record, in pieces or not."""
    monkeypatch.setattr(number_column, "HELD_BYTES", held_bytes)
    monkeypatch.setattr(dt403_near_duplicate, "PAIRS_A_PASS", 7)
    texts = texts_with_near_duplicates(random.Random(5))
    expected = {}
    for number, text in enumerate(texts, 1):
        firsts = [first for first, each in enumerate(texts[: number - 1], 1)
                  if jaccard(text, each) >= 0.8]  # fmt: skip
        if firsts:
            expected[number] = (
                f"{jaccard(text, texts[firsts[0] - 1]):.0%} the same as the record in line "
                f"{firsts[0]}, expected less than 80%"
            )

    assert len(expected) > 30
    assert expected == found_in(texts, tmp_path)
    assert expected == found_in(texts, tmp_path, piece_bytes=5000)
    assert expected == found_in(texts, tmp_path, piece_bytes=5000, jobs=2)


def test_a_crowd_is_compared_in_linear_time(tmp_path: Path) -> None:
    """Thousands of records that are all alike make few pairs a record, not millions in all."""
    words = " ".join(WORDS[:60])
    bands = MinHashBands(0.8)
    bands.add([shingles(f"{words} {number}") for number in range(3000)], np.arange(3000))

    pairs = bands.candidates()

    assert len(pairs) < 10 * 3000
    assert set(range(1, 3000)) == set(pairs[:, 0].tolist())


def test_a_chain_of_changes_names_the_first_of_all(tmp_path: Path) -> None:
    """A record that is alike to two earlier ones is reported once, with the earlier of them."""
    words = WORDS[:60]
    one_change = [*words[:30], "other", *words[31:]]
    texts = [" ".join(each) for each in (words, one_change, ["another", *one_change[1:]])]

    found = found_in(texts, tmp_path)

    assert {line: message.split("line ")[1][0] for line, message in found.items()} == {
        2: "1",
        3: "1",
    }


def test_a_near_duplicate_within_a_crowd_that_is_less_alike(tmp_path: Path) -> None:
    """Hundreds of records of one template, none a near-duplicate, hide none that is one."""
    rng = random.Random(3)
    template = " ".join(WORDS[:48])
    crowd = [" ".join([template, *rng.choices(WORDS, k=14)]) for _ in range(300)]
    last = crowd[-1].rpartition(" ")[0]

    found = found_in([*crowd, f"{last} changed"], tmp_path)

    assert found == {301: "97% the same as the record in line 300, expected less than 80%"}


def test_bytes_a_record() -> None:
    """The bands of a signature at the default threshold take 84 bytes, less than 90."""
    bands = MinHashBands(0.8)
    bands.add([{"a"}, {"b"}], np.arange(2))

    assert sum(len(band.held) * band.held.itemsize for band in bands.bands) == 2 * 84
    assert LONGEST_BANDS > 84


@pytest.mark.parametrize(("threshold", "rows"), [(1.0, 128), (0.8, 6), (0.5, 3), (0.1, 1)])
def test_the_threshold_decides_the_bands(threshold: float, rows: int) -> None:
    """A band has as many values as still find 99 % of the pairs at the threshold."""
    assert rows == MinHashBands(threshold).rows


def test_a_column_on_disk_reads_as_one_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers come back in order, wherever they lay."""
    monkeypatch.setattr(number_column, "HELD_BYTES", 40)
    column = NumberColumn("I")
    for start in range(0, 30, 3):
        later = NumberColumn("I")
        later.append(np.arange(start, start + 3, dtype=np.uint32).tobytes())
        column.merge(later)

    assert column.spilled is not None
    assert len(column.held) < 30
    assert list(range(30)) == column.take().tolist()
    assert len(column.take()) == 0


def test_an_empty_column() -> None:
    """No numbers are an empty array of their type."""
    assert (0, np.uint32) == (len(NumberColumn("I").take()), NumberColumn("I").take().dtype)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One, two; THREE four five six!", {"one two three four five", "two three four five six"}),
        ("One two", {"one two"}),
        ("渡轮在五月开", {"渡 轮 在 五 月", "轮 在 五 月 开"}),
        ("?! ...", {"?! ..."}),
        (" \n", set()),
    ],
)
def test_shingles(text: str, expected: set[str]) -> None:
    """Runs of five words without case and punctuation; characters where words have no spaces."""
    assert expected == shingles(text)


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without MinHash, selecting the rule ends with the extra to install."""
    monkeypatch.setitem(sys.modules, "rensa", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'axolotl-replicate\[near-dup"):
        MinHashBands(0.8)

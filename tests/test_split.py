"""A split parts no group, loses no line, and keeps to what was asked."""

import json
import random
import re
import tempfile
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dataset_tools.errors import InputError
from dataset_tools.lines import BATCH_BYTES, UTF8_BOM
from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.rules.dt408_in_validation_data import InValidationData
from dataset_tools.sources import SourceFile
from dataset_tools.split import PartSize, SplitRequest, SplitSummary, choice, split_source
from dataset_tools.split.choice import PARTS, nearest_sum, shared_out
from dataset_tools.split.part_paths import part_paths

MARKS = ["", "\n##\n", " ->", "\nEND", "<|im_end|>", "\n"]
WORDS = ["", "a", "b", "x y", " x \t y", "C#", "LEGEND", "LEG", "##", "a END", "é\u3000ü"]


@contextmanager
def no_bar(title: str) -> Iterator[Callable[[int], None]]:
    yield lambda done: None


def split(folder: Path, data: bytes, request: SplitRequest) -> tuple[dict[str, Path], SplitSummary]:
    """The part files by name, and the summary."""
    path = folder / "data.jsonl"
    path.write_bytes(data)
    source = SourceFile(str(path), path)
    paths = part_paths(source, None, range(2 if request.test is None else 3))
    summary = split_source(source, request, paths, no_bar)
    return {PARTS[part]: path for part, path in paths.items()}, summary


def size(text: object) -> PartSize:
    return PartSize.parse("--validation", str(text))


def row(prompt: str, completion: str) -> bytes:
    return json.dumps({"prompt": prompt, "completion": completion}).encode()


def distinct_rows(count: int) -> bytes:
    return b"".join(row(f"question {i}", f" answer {i % 3}") + b"\n" for i in range(count))


def records_in(path: Path) -> int:
    return path.read_bytes().count(b"\n")


@st.composite
def files(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Rows whose texts mostly end with marks of the file's own, so that lint infers them."""
    marks = [draw(st.sampled_from(MARKS)) for _ in range(2)]
    ending = st.integers(0, 4).flatmap(
        lambda chance: st.sampled_from(MARKS) if chance == 0 else st.none()
    )
    texts = st.tuples(st.sampled_from(WORDS), ending)
    rows = draw(st.lists(st.tuples(texts, texts), min_size=8, max_size=40))
    return [
        (
            prompt + (marks[0] if end is None else end),
            completion + (marks[1] if stop is None else stop),
        )
        for (prompt, end), (completion, stop) in rows
    ]


@given(
    files(),
    st.integers(1, 4),
    st.none() | st.integers(1, 4),
    st.integers(0, 2**64 - 1),
    st.booleans(),
    st.sampled_from(["text", "prompt-completion"]),
)
def test_parts_share_nothing_and_lose_nothing(
    rows: list[tuple[str, str]],
    validation: int,
    test: int | None,
    seed: int,
    stratify: bool,
    record_format: str,
) -> None:
    """Each line is in one part, in order; no prompt or text is in two; lint finds no DT408."""
    if record_format == "text":
        lines = [json.dumps({"text": "".join(texts)}).encode() for texts in rows]
    else:
        lines = [row(*texts) for texts in rows]
    stratify = stratify and record_format != "text"
    request = SplitRequest(size(validation), size(test) if test else None, seed, stratify)
    with tempfile.TemporaryDirectory() as folder:
        try:
            paths, _ = split(Path(folder), b"\n".join(lines) + b"\n", request)
        except InputError:
            assume(False)
        parts = {name: path.read_bytes().splitlines() for name, path in paths.items()}

        assert Counter(lines) == sum((Counter(part) for part in parts.values()), Counter())
        for part in parts.values():
            rest = iter(lines)
            assert all(line in rest for line in part)  # in the order of the file
        told_by = [set(map(same_in_any_part, part)) for part in parts.values()]
        assert sum(map(len, told_by)) == len(set().union(*told_by))
        for first, second in product(paths.values(), repeat=2):
            if first != second:
                assert dt408_count(first, second) == 0


def same_in_any_part(line: bytes) -> str:
    """The prompt, white space normalised, or else the whole line."""
    return " ".join(json.loads(line).get("prompt", "").split()) or " ".join(line.decode().split())


def dt408_count(train: Path, validation: Path) -> int:
    report = LintReport()
    held_out = SourceFile(str(validation), validation)
    settings = LintSettings(rules=(InValidationData,), validation_data=(held_out,))
    check_source(SourceFile(str(train), train), settings, report)
    return report.counts["DT408"]


@given(files(), st.integers(1, 6), st.booleans(), st.randoms())
def test_the_order_of_the_lines_does_not_matter(
    rows: list[tuple[str, str]], validation: int, stratify: bool, shuffling: random.Random
) -> None:
    """The same lines in another order come into the same parts."""
    lines = [row(*texts) + b"\n" for texts in rows]
    shuffled = shuffling.sample(lines, len(lines))
    request = SplitRequest(size(validation), stratify=stratify)
    found = []
    for each in (lines, shuffled):
        with tempfile.TemporaryDirectory() as folder:
            try:
                paths, _ = split(Path(folder), b"".join(each), request)
            except InputError:
                assume(False)
            found.append(sorted(paths["validation"].read_bytes().splitlines()))

    assert found[0] == found[1]


def test_the_choice_is_pinned(tmp_path: Path) -> None:
    """Seed and text choose alike on any machine, in any version; another seed chooses otherwise."""
    chosen = {}
    for seed in (0, 1):
        paths, _ = split(tmp_path, distinct_rows(1000), SplitRequest(size(5), size(4), seed))
        chosen[seed] = {
            name: [
                int(number) for number in re.findall(rb"question (\d+)", paths[name].read_bytes())
            ]
            for name in ("validation", "test")
        }

    assert chosen == PINNED


PINNED = {
    0: {"validation": [493, 549, 695, 814, 851], "test": [278, 761, 896, 913]},
    1: {"validation": [85, 521, 581, 827, 894], "test": [141, 250, 257, 993]},
}


@pytest.mark.parametrize(
    ("validation", "test", "expected"),
    [
        ("1", None, (999, 1)),
        ("999", None, (1, 999)),
        ("120", "80", (800, 120, 80)),
        ("0.1", "10%", (800, 100, 100)),
        ("12.34%", None, (877, 123)),
        ("0.0126", None, (987, 13)),
        ("0.0001", None, (999, 1)),
        (".5", "499", (1, 500, 499)),
    ],
)
def test_sizes_are_exact_where_groups_are_single(
    validation: str, test: str | None, expected: tuple[int, ...], tmp_path: Path
) -> None:
    """Numbers hold to the record, shares are rounded to nearest and come to one at least."""
    request = SplitRequest(size(validation), size(test) if test else None)

    paths, summary = split(tmp_path, distinct_rows(1000), request)

    assert tuple(map(records_in, paths.values())) == expected
    assert tuple(part.records for part in summary.parts) == expected


@pytest.mark.parametrize(
    ("group_sizes", "validation", "expected"),
    [
        ([5, 1, 1], 5, 5),
        ([3, 2, 2], 4, 4),
        ([4, 4, 4], 5, 4),
        ([10, 1], 4, 1),
        ([7, 7, 3, 3, 3], 13, 13),
        ([2] * 50 + [3], 33, 33),
    ],
)
def test_sizes_are_as_near_as_groups_allow(
    group_sizes: list[int], validation: int, expected: int, tmp_path: Path
) -> None:
    """Where groups taken in order leave the part short, others are found that fill it."""
    lines = [
        row(f"question {group}", f" {number}") + b"\n"
        for group, count in enumerate(group_sizes)
        for number in range(count)
    ]

    for seed in range(5):
        request = SplitRequest(size(validation), seed=seed)
        _, summary = split(tmp_path, b"".join(lines), request)
        assert expected == summary.parts[1].records


@given(
    st.lists(st.integers(5, 20), min_size=2, max_size=6),
    st.floats(0.01, 0.3),
    st.none() | st.floats(0.01, 0.3),
    st.randoms(),
)
def test_classes_get_their_share(
    counts: list[int], validation: float, test: float | None, shuffling: random.Random
) -> None:
    """With single groups each class is within a record of its share."""
    sizes = {f"class {number}": count for number, count in enumerate(counts)}
    labels = [label for label, count in sizes.items() for _ in range(count)]
    shuffling.shuffle(labels)
    data = b"".join(row(f"q {i}", f" {label}\n") + b"\n" for i, label in enumerate(labels))
    parts = [size(max(1, int(share * len(labels)))) for share in (validation, test) if share]
    request = SplitRequest(*parts, stratify=True)
    with tempfile.TemporaryDirectory() as folder:
        _, summary = split(Path(folder), data, request)

    for part in summary.parts[1:]:
        assert part.records == part.asked
        for label, count in sizes.items():
            share = part.asked * count / len(labels)
            assert abs(part.class_records[label] - share) < 1 + 1e-9


def test_a_class_of_one_group_is_trained_on(tmp_path: Path) -> None:
    """What cannot be shared stays in training, and the others fill the parts."""
    labels = ["rare", "rare", *["ham", "spam"] * 20]
    prompts = ["same", "same", *map(str, range(40))]
    data = b"".join(row(p, f" {c}") + b"\n" for p, c in zip(prompts, labels, strict=True))

    _, summary = split(tmp_path, data, SplitRequest(size(20), size(10), stratify=True))

    found = {part.name: dict(part.class_records) for part in summary.parts}
    assert found == {
        "train": {"rare": 2, "ham": 5, "spam": 5},
        "validation": {"rare": 0, "ham": 10, "spam": 10},
        "test": {"rare": 0, "ham": 5, "spam": 5},
    }


@pytest.mark.parametrize("seed", range(10))
def test_what_a_class_cannot_fill_others_do(seed: int, tmp_path: Path) -> None:
    """Odd shares of pairs leave each class one short: a further pair fills up, not a last one."""
    labels = {"few": 2, "ham": 10, "spam": 10}
    data = b"".join(
        row(f"{label} {pair}", f" {label}") + b"\n"
        for label, pairs in labels.items()
        for pair in range(pairs)
        for _ in range(2)
    )

    _, summary = split(tmp_path, data, SplitRequest(size(30), seed=seed, stratify=True))

    train, validation = summary.parts
    assert validation.records == 30
    assert train.class_records["few"] == 2


def test_groups_are_not_parted_where_a_look_at_them_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many records are gone through at once, the groups are the same."""
    data = b"".join(row(f"question {i % 30}", f" {i}") + b"\n" for i in range(100))
    found = []
    for records_at_once in (2, 7, 1000):
        monkeypatch.setattr(choice, "CHUNK", records_at_once)
        _, summary = split(tmp_path, data, SplitRequest(size(20), size(20)))
        found.append((summary.groups, summary.parts))

    assert found[0][0] == 30
    assert found[0] == found[1] == found[2]


def test_blank_lines_shift_nothing(tmp_path: Path) -> None:
    """A file of several batches of lines is split alike with and without blank lines in it."""
    data = distinct_rows(50_000)
    found = []
    for each in (data, b"\n" + data.replace(b"\n", b"\n \n")):
        paths, _ = split(tmp_path, each, SplitRequest(size(100)))
        found.append(paths["validation"].read_bytes())

    assert len(data) > 2 * BATCH_BYTES
    assert found[0] == found[1]


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=8),
    st.integers(0, 200),
)
def test_shares_by_largest_remainder(rows: list[tuple[int, int]], total: int) -> None:
    """All is given out that there is room for, and without tight room each share is rounded."""
    weights = [weight for weight, _ in rows]
    room = [min(each) for each in rows]

    given_out = shared_out(total, weights, room)

    assert sum(given_out) == min(total, sum(room))
    assert all(0 <= number <= free for number, free in zip(given_out, room, strict=True))
    if sum(weights) >= total:
        for number, weight in zip(shared_out(total, weights, weights), weights, strict=True):
            assert abs(number - total * weight / max(sum(weights), 1)) < 1


@given(st.dictionaries(st.integers(1, 9), st.integers(0, 3), max_size=4), st.integers(1, 40))
def test_nearest_sum_is_the_best(counts: dict[int, int], wanted: int) -> None:
    """No choice of the sizes there are comes nearer from below."""
    choices = product(*(range(count + 1) for count in counts.values()))
    sums = [sum(s * n for s, n in zip(counts, choice, strict=True)) for choice in choices]

    found = nearest_sum(counts, wanted)

    assert found is not None
    assert all(found[each] <= counts[each] for each in found)
    assert sum(each * number for each, number in found.items()) == max(
        total for total in sums if total <= wanted
    )


def test_lines_are_copied_byte_for_byte(tmp_path: Path) -> None:
    """Spelling, keys and line endings stay; blank lines go, a last line is ended, all get the BOM.

    A service that asks for a byte order mark asks for it in each file.
    """
    lines = [
        b'{"prompt":"a","completion" :"\\u0041"}\r\n',
        b'  {"completion": "b", "prompt": "b", "weight": 2, "id": 7}\r\n',
        b'{"prompt": "c", "completion": "\xe2\x80\xa8"}',
    ]
    data = UTF8_BOM + b"\r\n".join([lines[0] + b" \t", lines[1], lines[2]])

    paths, summary = split(tmp_path, data, SplitRequest(size(1)))

    written = [path.read_bytes() for path in paths.values()]
    assert summary.blank_lines == 2
    assert all(each.startswith(UTF8_BOM) for each in written)
    copied = [line for each in written for line in each[3:].splitlines(keepends=True)]
    assert sorted(copied) == sorted([*lines[:2], lines[2] + b"\r\n"])


def test_memory_does_not_grow_with_the_records_length(tmp_path: Path) -> None:
    """40 MB are split in a few megabytes."""
    data = b"".join(row(f"{i}", "x" * 100_000) + b"\n" for i in range(400))
    path = tmp_path / "data.jsonl"
    path.write_bytes(data)
    del data
    source = SourceFile(str(path), path)
    tracemalloc.start()
    try:
        split_source(source, SplitRequest(size(40)), part_paths(source, None, range(2)), no_bar)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 20e6


def test_a_file_that_changes_meanwhile_is_not_split(tmp_path: Path) -> None:
    """A file that grows between the readings gives an error and no part."""
    path = tmp_path / "data.jsonl"
    path.write_bytes(distinct_rows(10))
    source = SourceFile(str(path), path)

    @contextmanager
    def growing(title: str) -> Iterator[Callable[[int], None]]:
        yield lambda done: None
        with path.open("ab") as stream:
            stream.write(row("more", " more") + b"\n")

    with pytest.raises(InputError, match=r"data\.jsonl: changed while it was read"):
        split_source(source, SplitRequest(size(3)), part_paths(source, None, range(2)), growing)
    assert [each.name for each in tmp_path.iterdir()] == ["data.jsonl"]

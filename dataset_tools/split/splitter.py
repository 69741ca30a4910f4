"""The splitter: reads a file twice, for the groups of its records and for its lines.

Memory: 8 bytes a record for the keys, while groups are chosen 9 more, and 8 for each group that
validation and test take, whatever the records' length; beside that, a batch of lines of about a
megabyte. Measured on 2 million records of 80 bytes, 5 % to each part: 17.4 bytes a record over the
55 MB of a small file, 7 seconds.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dataset_tools.errors import InputError
from dataset_tools.lines import open_plain
from dataset_tools.lint.file_state import FileState
from dataset_tools.lint.settings import GivenMark, LintSettings
from dataset_tools.lint.survey import survey
from dataset_tools.sources import SourceFile
from dataset_tools.split.choice import CHUNK, PARTS, TRAIN, VALIDATION, Groups
from dataset_tools.split.grouping import CLASS_BITS, Grouping
from dataset_tools.split.keyed_records import KeyedRecords, read_keyed_records
from dataset_tools.split.part_files import PartLookup, write_parts
from dataset_tools.split.part_paths import made_folder
from dataset_tools.split.part_size import PartSize

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Progress = Callable[[str], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True, slots=True)
class SplitRequest:
    """What was asked for; a mark that is None is inferred from the data."""

    validation: PartSize
    test: PartSize | None = None
    seed: int = 0
    stratify: bool = False
    separator: GivenMark | None = None
    stop_sequence: GivenMark | None = None


@dataclass(frozen=True, slots=True)
class PartSummary:
    """What a part holds; `class_records` is empty where records were not told apart by class."""

    name: str
    path: Path
    records: int
    groups: int
    asked: int | None  # records; None for training
    class_records: Mapping[str, int]

    @property
    def is_short(self) -> bool:
        """Whether it misses what was asked by more than a tenth, and by two records at least."""
        return self.asked is not None and self.asked - self.records > max(1, self.asked // 10)


@dataclass(frozen=True, slots=True)
class SplitSummary:
    """What was done."""

    records: int
    groups: int
    blank_lines: int
    parts: tuple[PartSummary, ...]


def split_source(
    source: SourceFile, request: SplitRequest, paths: Mapping[int, Path], progress: Progress
) -> SplitSummary:
    """Share the file's records out to the paths, which are by part.

    A missing folder is made. `progress` makes a bar of a title. Raises InputError, and writes
    nothing, where the file cannot be read, has a line without a record or cannot be so split.
    """
    with open_plain(source.path, source.name) as stream:
        state = FileState(source.name, stream)
        settings = LintSettings(request.separator, request.stop_sequence, rules=())
        context = survey(stream, state.size, settings).context
        grouping = Grouping(
            request.seed,
            [request.separator.text] if request.separator else (),
            [request.stop_sequence.text] if request.stop_sequence else (),
        )
        with progress(f"reading {source.name}") as advance:
            records = read_keyed_records(
                stream, source.name, context, grouping, advance, stratify=request.stratify
            )
        groups = Groups(records.keys, len(records.classes))
        if len(groups) == 1:
            raise _single_group(source.name, len(records), grouping)
        wanted = _wanted(source.name, request, len(records), groups)
        groups.choose(wanted)
        lookup = PartLookup(groups)
        _check_none_is_empty(source.name, request, groups, wanted)
        summary = _summary(records, groups, lookup, paths, wanted)
        del groups  # half of the memory
        folder = paths[TRAIN].parent
        with made_folder(folder), progress(f"writing {source.name}") as advance:
            write_parts(
                stream,
                records.keys,
                lookup,
                paths,
                advance,
                check=lambda: state.check_is_unchanged("split"),
            )
    return summary


def _single_group(name: str, total: int, grouping: Grouping) -> InputError:
    what = "has a single record" if total == 1 else f"all {total} records have the same prompt"
    remedy = "; if it is nothing but a separator, give that with --separator"
    return InputError(
        f"{name}: cannot be split: {what}; records with the same prompt (or, without prompts, the "
        f"same text) stay together{remedy if grouping.may_be_separators else ''}"
    )


def _wanted(name: str, request: SplitRequest, total: int, groups: Groups) -> list[int]:
    """How many records validation and test are to have; raises InputError if that cannot be."""
    sizes = [size for size in (request.validation, request.test) if size is not None]
    wanted = [size.records_of(total) for size in sizes]
    if sum(wanted) > total - groups.smallest:
        asked = " and ".join(f"{number} for {PARTS[part]}" for part, number in enumerate(wanted, 1))
        raise InputError(
            f"{name}: has {total} records, too few for {asked}; at least "
            f"{groups.smallest} must be left for training"
        )
    return wanted


def _check_none_is_empty(
    name: str, request: SplitRequest, groups: Groups, wanted: Sequence[int]
) -> None:
    for part, number in enumerate(wanted, VALIDATION):
        if not groups.count(part):
            kept = ", and each class keeps a group for training" if request.stratify else ""
            raise InputError(
                f"{name}: no group of records with the same prompt is left that fits into the "
                f"{number} asked for as {PARTS[part]} data; the smallest of all has "
                f"{groups.smallest}{kept}"
            )


def _summary(
    records: KeyedRecords,
    groups: Groups,
    lookup: PartLookup,
    paths: Mapping[int, Path],
    wanted: Sequence[int],
) -> SplitSummary:
    counts = _records_by_part_and_class(records.keys, lookup)
    return SplitSummary(
        records=len(records),
        groups=len(groups),
        blank_lines=records.blank_lines,
        parts=tuple(
            PartSummary(
                name=PARTS[part],
                path=path,
                records=int(counts[part].sum()),
                groups=groups.count(part),
                asked=wanted[part - VALIDATION] if part != TRAIN else None,
                class_records={
                    label: int(counts[part][number]) for number, label in enumerate(records.classes)
                },
            )
            for part, path in paths.items()
        ),
    )


def _records_by_part_and_class(
    keys: "NDArray[np.uint64]", lookup: PartLookup
) -> "NDArray[np.int64]":
    import numpy as np

    counts = np.zeros((len(PARTS), 2**CLASS_BITS), np.int64)
    for start in range(0, len(keys), CHUNK):
        chunk = keys[start : start + CHUNK]
        cells = lookup.parts_of(chunk).astype(np.int64) << CLASS_BITS
        cells |= (chunk & np.uint64(2**CLASS_BITS - 1)).astype(np.int64)
        counts += np.bincount(cells, minlength=counts.size).reshape(counts.shape)
    return counts

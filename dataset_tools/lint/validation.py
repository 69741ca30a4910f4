"""The validation data as lint compares training records with it: 24 bytes a record, no texts.

A record is known by a 128-bit digest of its bare texts, white space normalised, and by 32 more
bits of their exact spelling, which tell a copy from one that differs in white space.
"""

import os
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from dataset_tools.errors import InputError
from dataset_tools.lines import open_plain, read_batches
from dataset_tools.lint.settings import GivenMark, LintSettings
from dataset_tools.lint.survey import survey
from dataset_tools.parsing import parse_batch
from dataset_tools.sources import SourceFile

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DIGEST_BYTES = 16
_SPELLING_BYTES = 4


class ValidationPlace(NamedTuple):
    """Where a record stands in the validation data."""

    name: str  # of the file
    line: int
    is_exact: bool  # False where the texts differ in white space


class ValidationRecords:
    """The records of the validation files, to be looked up by their bare texts."""

    def __init__(self, names: Sequence[str], line_counts: Sequence[int], rows: "_Rows") -> None:
        import numpy as np

        self.names = tuple(names)
        self.lines_before = tuple(accumulate(line_counts, initial=0))[:-1]
        digests = np.frombuffer(rows.digests, np.uint64).reshape(-1, 2)
        spellings = np.frombuffer(rows.spellings, np.uint32)
        lines = np.frombuffer(rows.lines, np.uint32)
        order = np.lexsort((lines, spellings, digests[:, 1], digests[:, 0]))
        digests, spellings, lines = digests[order], spellings[order], lines[order]
        is_other = np.any(digests[1:] != digests[:-1], axis=1) | (spellings[1:] != spellings[:-1])
        chosen = np.concatenate([[True], is_other]) if len(order) else order
        # sorted by digest; of records that are spelt the same, the first
        self.high: NDArray[np.uint64] = digests[chosen, 0].copy()
        self.low: NDArray[np.uint64] = digests[chosen, 1].copy()
        self.spellings: NDArray[np.uint32] = spellings[chosen]
        self.lines: NDArray[np.uint32] = lines[chosen]  # counted through all files

    def __len__(self) -> int:
        """How many records there are that are spelt differently."""
        return len(self.high)

    def find(self, texts: Iterable[tuple[str, str]]) -> dict[int, ValidationPlace]:
        """Index to place, for those of the bare (prompt, completion) pairs that are in here.

        A text record has an empty prompt. One with a blank completion is looked up in vain.
        """
        import numpy as np

        pairs = list(texts)
        keys = np.frombuffer(b"".join(map(_digest, pairs)), np.uint64).reshape(-1, 2)
        starts = np.searchsorted(self.high, keys[:, 0])
        ends = np.searchsorted(self.high, keys[:, 0], side="right")
        found = {}
        for index in np.flatnonzero(ends > starts).tolist():
            place = self._place(pairs[index], int(keys[index, 1]), starts[index], ends[index])
            if place is not None:
                found[index] = place
        return found

    def _place(
        self, texts: tuple[str, str], low: int, start: int, end: int
    ) -> ValidationPlace | None:
        """The exact copy among equal digests, or else the first in the files."""
        rows = [row for row in range(start, end) if self.low[row] == low]
        if not rows or not texts[1].strip():
            return None
        spelling = int.from_bytes(_spelling(texts), "little")
        row = min(rows, key=lambda row: (self.spellings[row] != spelling, self.lines[row]))
        line = int(self.lines[row])
        file = bisect_right(self.lines_before, line - 1) - 1
        is_exact = bool(self.spellings[row] == spelling)
        return ValidationPlace(self.names[file], line - self.lines_before[file], is_exact)


class _Rows:
    """What is gathered while the files are read, in their order."""

    def __init__(self) -> None:
        self.digests = bytearray()
        self.spellings = bytearray()
        self.lines = array("I")


def read_validation(sources: Iterable[SourceFile], settings: LintSettings) -> ValidationRecords:
    """All records of the validation files, their marks removed.

    Marks are the settings', or else each file's own. Raises InputError where a file cannot be
    read, or holds no record at all.
    """
    rows, names, line_counts = _Rows(), [], []
    lines_before = 0
    for source in sources:
        line_count = _read_file(source, settings, rows, lines_before)
        names.append(source.name)
        line_counts.append(line_count)
        lines_before += line_count
    return ValidationRecords(names, line_counts, rows)


def validation_of(settings: LintSettings) -> ValidationRecords | None:
    """What the settings' validation data holds, read once for all files of a run."""
    sources = settings.validation_data
    if not sources:
        return None
    return _read_once(sources, settings.separator, settings.stop_sequence, _versions(sources))


@lru_cache(maxsize=1)
def _read_once(
    sources: tuple[SourceFile, ...],
    separator: GivenMark | None,
    stop_sequence: GivenMark | None,
    versions: tuple[tuple[int, int], ...],  # files that change are read again
) -> ValidationRecords:
    return read_validation(sources, LintSettings(separator, stop_sequence, rules=()))


def _versions(sources: Iterable[SourceFile]) -> tuple[tuple[int, int], ...]:
    try:
        states = [source.path.stat() for source in sources]
    except OSError:
        return ()  # the reading tells which one and why
    return tuple((state.st_size, state.st_mtime_ns) for state in states)


def _read_file(source: SourceFile, settings: LintSettings, rows: _Rows, lines_before: int) -> int:
    """Add a file's records; returns how many lines it has."""
    line_count, records = 0, 0
    alone = replace(settings, validation_data=())
    with open_plain(source.path, source.name) as stream:
        context = survey(stream, os.fstat(stream.fileno()).st_size, alone).context
        prompt_format = context.prompt_format
        for lines in read_batches(stream):
            batch = parse_batch(lines, context.record_format)
            for number, record in batch.records():
                texts = (
                    prompt_format.bare_prompt(record.prompt or ""),
                    prompt_format.bare_completion(record.completion),
                )
                rows.digests += _digest(texts)
                rows.spellings += _spelling(texts)
                rows.lines.append(lines_before + number)
            records += len(batch)
            line_count += len(lines.lines)
    if not records:
        raise InputError(
            f"{source.name}: no record in the validation data, expected JSON Lines with 'prompt' "
            "and 'completion', or with 'text'"
        )
    return line_count


def _digest(texts: tuple[str, str]) -> bytes:
    """Of the texts with white space normalised."""
    prompt, completion = (" ".join(text.split()) for text in texts)
    return _hash(prompt, completion, _DIGEST_BYTES)


def _spelling(texts: tuple[str, str]) -> bytes:
    return _hash(*texts, _SPELLING_BYTES)


def _hash(prompt: str, completion: str, size: int) -> bytes:
    from hashlib import blake2b

    prompt_bytes = prompt.encode()
    data = b"%d:%b%b" % (len(prompt_bytes), prompt_bytes, completion.encode())
    return blake2b(data, digest_size=size).digest()

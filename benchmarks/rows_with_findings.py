"""Files in which every row has exactly one finding, and the clean file of the same records.

The separator has to be given when they are linted (`--separator`): where no row has it, none is
inferred.
"""

from collections.abc import Callable
from itertools import islice
from pathlib import Path

from training_data import SEPARATOR, TrainingRecord, training_records, write_training_data

CLEAN = "clean"
TWICE = "each record twice"  # a finding in each row of the second half


def _without_separator(record: TrainingRecord) -> bytes:
    bare = record.prompt.removesuffix(SEPARATOR)
    return TrainingRecord(bare, record.completion, record.is_escaped).line()


def _with_id(record: TrainingRecord) -> bytes:
    return record.line().replace(b'{"prompt"', b'{"id": 7, "prompt"', 1)


def _with_control_character(record: TrainingRecord) -> bytes:
    return TrainingRecord(f"\x01{record.prompt}", record.completion, record.is_escaped).line()


def _with_trailing_comma(record: TrainingRecord) -> bytes:
    return record.line()[:-2] + b",}\n"


def _cut_off(record: TrainingRecord) -> bytes:
    return record.line()[:-3] + b"\n"


def _without_completion(record: TrainingRecord) -> bytes:
    return record.line().replace(b'", "completion": "', b"", 1)  # as long as before


def _with_null(record: TrainingRecord) -> bytes:
    return _without_completion(record)[:-2] + b', "completion": null}\n'


def _with_nan(record: TrainingRecord) -> bytes:
    return record.line()[:-2] + b', "weight": NaN}\n'


def _with_second_prompt(record: TrainingRecord) -> bytes:
    return b'{"prompt": "", ' + record.line()[1:]


def _with_half_a_pair(record: TrainingRecord) -> bytes:
    return record.line().replace(b'{"prompt": "', rb'{"prompt": "\ud83d', 1)


def _with_latin_1(record: TrainingRecord) -> bytes:
    return record.line().replace(b'{"prompt": "', b'{"prompt": "\xe9', 1)


# what is wrong: the finding's code, and how a clean record comes to it
FINDING_KINDS: dict[str, tuple[str, Callable[[TrainingRecord], bytes]]] = {
    "no separator": ("DT301", _without_separator),
    "an extra key": ("DT103", _with_id),
    "a control character": ("DT204", _with_control_character),
    "a trailing comma": ("DT005", _with_trailing_comma),
    "a line cut off": ("DT005", _cut_off),
    "a missing key": ("DT101", _without_completion),
    "null for a text": ("DT102", _with_null),
    "NaN": ("DT106", _with_nan),
    "a key twice": ("DT104", _with_second_prompt),
    "half a surrogate pair": ("DT107", _with_half_a_pair),
    "a byte that is not UTF-8": ("DT002", _with_latin_1),
}
FILE_NAMES = (CLEAN, *FINDING_KINDS, TWICE)


def write_rows_with_findings(folder: Path, total_bytes: int, record_bytes: int) -> dict[str, Path]:
    """Write the clean file and, from the same records, one of each kind; by what is wrong."""
    files = {name: folder / f"{name.replace(' ', '-')}.jsonl" for name in FILE_NAMES}
    count = write_training_data(files[CLEAN], total_bytes, record_bytes)
    for kind, (_, spoil) in FINDING_KINDS.items():
        records = training_records(record_bytes)
        with files[kind].open("wb") as stream:
            stream.writelines(spoil(next(records)) for _ in range(count))
    write_each_record_twice(files[TWICE], files[CLEAN], count)
    return files


def write_each_record_twice(path: Path, clean: Path, count: int) -> None:
    """Write the first half of a clean file of so many records, and then the same again."""
    with path.open("wb") as stream:
        for _ in range(2):
            with clean.open("rb") as lines:
                stream.writelines(islice(lines, count // 2))

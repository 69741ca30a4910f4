"""The data files of a folder: which there are, and whether a dataset made of them has them all.

The library that tells splits by files' names passes over what fits none of its patterns, and all
formats but one, without a word.
"""

import glob
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from pathlib import Path, PurePath

from dataset_tools.convert.table import NumberedRows, ReadOptions, Table
from dataset_tools.convert.values import shown_name
from dataset_tools.errors import InputError
from dataset_tools.sources import SourceFile

_LISTED = 5
_OTHER_SUFFIXES = (".arrow", ".xls", ".xlsm", ".xlsb", ".ods")
_PACKED_SUFFIXES = (".gz", ".zst")
_ABOUT_THE_DATA = frozenset({"dataset_info.json", "dataset_infos.json", "config.json"})
_ABOUT_THE_FOLDER = frozenset(
    {"readme", "license", "licence", "notice", "citation", "changelog", "requirements"}
)
_CARD_WITH_CONFIGURATIONS = re.compile(r"---\s*\n(?:(?!---).*\n)*?configs:")


def is_of_own_format(path: PurePath) -> bool:
    """Whether a reader of ours reads the file, by its name."""
    return _plain_name(path).endswith(_own_suffixes())


def refuse_left_out(source: SourceFile, used: Collection[Path]) -> None:
    """Raise InputError where the folder holds data files that are not among those used.

    A dataset card that lists the files of each configuration says which to leave out.
    """
    if _has_card_with_configurations(source.path):
        return
    known = {path.resolve() for path in used}
    left = [path for path in _data_files(source.path) if path.resolve() not in known]
    if left:
        raise InputError(
            f"{source.name}: the folder's splits, told by the files' names, leave out "
            f"{listed_files(left, source.path)}; give a file, or a glob such as "
            f"{_glob(source, left)}, or move what is no part of the data elsewhere"
        )


def no_dataset(source: SourceFile) -> InputError:
    """What to say of a folder in which the library finds no data."""
    files = _data_files(source.path)
    if not files:
        return InputError(
            f"{source.name}: the folder holds no data files; expected CSV, TSV, JSON, JSONL, "
            "Parquet or TXT, or a dataset of save_to_disk"
        )
    return InputError(
        f"{source.name}: no dataset can be made of {listed_files(files, source.path)} in the "
        f"folder; give a file, or a glob such as {_glob(source, files)}"
    )


def listed_files(paths: Sequence[Path], folder: Path) -> str:
    """The files as messages list them, by their paths in the folder."""
    names = [shown_name(_path_within(path, folder)) for path in paths[:_LISTED]]
    rest = len(paths) - _LISTED
    return ", ".join(names) + (f" and {rest} more" if rest > 0 else "")


def joined_table(
    source: SourceFile, paths: Iterable[Path], options: ReadOptions, notes: tuple[str, ...]
) -> Table:
    """The rows of several files one after the other, as one table."""
    from dataset_tools.convert.readers import open_table

    files = [
        SourceFile(str(PurePath(source.name, _path_within(path, source.path))), path)
        for path in paths
    ]
    with open_table(files[0], options=options) as first:
        columns, notes = first.columns, notes + first.notes
    rows = _RowsOfFiles(files, options)
    return Table(source.name, columns, iter(rows), notes=notes, place_in_file=rows.place)


class _RowsOfFiles:
    """The rows of files, numbered over all of them; it knows where the last one stands."""

    def __init__(self, files: Sequence[SourceFile], options: ReadOptions) -> None:
        self._files = files
        self._options = options
        self._number = 0
        self._place: Callable[[], str] = str

    def __iter__(self) -> NumberedRows:
        from dataset_tools.convert.readers import open_table

        for file in self._files:
            with open_table(file, options=self._options) as table:
                for in_file, (number, row) in enumerate(table.rows, start=1):
                    self._number += 1
                    self._place = partial(table.place, number, in_file)
                    yield self._number, row

    def place(self, number: int) -> str | None:
        """The file and line of the row, if it is the last that was read."""
        return self._place() if number == self._number else None


def _data_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if _is_data(path, folder))


def _is_data(path: Path, folder: Path) -> bool:
    is_hidden = any(part.startswith((".", "__")) for part in path.relative_to(folder).parts)
    name = _plain_name(path)
    return (
        not is_hidden
        and name.endswith((*_own_suffixes(), *_OTHER_SUFFIXES))
        and name not in _ABOUT_THE_DATA
        and PurePath(name).stem not in _ABOUT_THE_FOLDER
        and path.is_file()
    )


def _plain_name(path: PurePath) -> str:
    name = path.name.lower()
    for suffix in _PACKED_SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def _own_suffixes() -> tuple[str, ...]:
    from dataset_tools.convert.readers import READERS

    return tuple(suffix for reader in READERS.values() for suffix in reader.suffixes)


def _path_within(path: Path, folder: Path) -> str:
    for known in (folder, folder.resolve()):
        if path.is_relative_to(known):
            return str(path.relative_to(known))
    return str(path)


def _glob(source: SourceFile, paths: Sequence[Path]) -> str:
    """A glob for the files that are of the kind of the first."""
    depth = "**" if any(path.parent != source.path for path in paths) else ""
    return repr(str(PurePath(glob.escape(source.name), depth, f"*{paths[0].suffix}")))


def _has_card_with_configurations(folder: Path) -> bool:
    card = folder / "README.md"
    if not card.is_file():
        return False
    return _CARD_WITH_CONFIGURATIONS.match(card.read_text("utf-8", "replace")) is not None

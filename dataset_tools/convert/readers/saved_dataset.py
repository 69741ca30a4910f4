"""Hugging Face datasets on disk: `save_to_disk` folders, and folders of data files.

Data files in formats of our own are read by our readers: the library's reader of CSV would turn
"00123" into 123 and "NA" into nothing. The library says which files make up a split.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from dataset_tools.arrow_values import class_names_of
from dataset_tools.convert.readers.arrow_rows import ROWS_AT_ONCE, notes_on, rows_of
from dataset_tools.convert.readers.folder_files import (
    is_of_own_format,
    joined_table,
    listed_files,
    no_dataset,
    refuse_left_out,
)
from dataset_tools.convert.table import ReadOptions, Row, RowError, Table
from dataset_tools.convert.values import shown_name
from dataset_tools.errors import InputError, MissingExtraError
from dataset_tools.sources import SourceFile
from dataset_tools.sources.library_logs import silenced

DEFAULT_SPLIT = "train"
_LOGGERS = ("datasets", "fsspec", "filelock", "huggingface_hub")
_LISTED = 10


@contextmanager
def read(source: SourceFile, options: ReadOptions) -> Iterator[Table]:
    """Open a split of the dataset in a folder; no code from the folder is run.

    Raises MissingExtraError without the library for datasets, InputError where there is no
    dataset, or split or configuration must be named.
    """
    try:
        import datasets
    except ImportError as error:
        raise MissingExtraError(f"{source.name}: reading a dataset", "hf") from error

    with _quiet(datasets):
        with _explained(source.name):
            table = _table(datasets, source, options)
        yield replace(table, rows=_explained_rows(table.rows, source.name))


def _table(datasets: Any, source: SourceFile, options: ReadOptions) -> Table:
    if (source.path / "dataset_dict.json").exists():
        path, notes = _saved_split(source, options.split)
        return _arrow_table(source.name, datasets.load_from_disk(str(path)), notes)
    if (source.path / "state.json").exists():
        if options.split is not None:
            raise InputError(
                f"{source.name}: a single dataset, which has no splits; leave out --split"
            )
        return _arrow_table(source.name, datasets.load_from_disk(str(source.path)), ())
    _refuse_script(source)
    return _table_of_files(datasets, source, options)


@contextmanager
def _quiet(datasets: Any) -> Iterator[None]:
    was_hidden = datasets.are_progress_bars_disabled()
    datasets.disable_progress_bars()
    try:
        with silenced(*_LOGGERS):
            yield
    finally:
        if not was_hidden:
            datasets.enable_progress_bars()


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:  # of the library, of Arrow, of the format's reader
        reason = str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
        raise InputError(f"{name}: the dataset cannot be read ({reason})") from error


def _explained_rows(
    rows: Iterator[tuple[int, Row | RowError]], name: str
) -> Iterator[tuple[int, Row | RowError]]:
    with _explained(name):
        yield from rows


def _saved_split(source: SourceFile, wanted: str | None) -> tuple[Path, tuple[str, ...]]:
    splits = json.loads((source.path / "dataset_dict.json").read_bytes())["splits"]
    split, notes = _chosen(source.name, "split", wanted, splits, DEFAULT_SPLIT)
    return source.path / split, notes


def _chosen(
    name: str, kind: str, wanted: str | None, names: Sequence[str], default: str | None
) -> tuple[str, tuple[str, ...]]:
    """The name that is wanted, the only one or the default, and a note where others were left."""
    option = "--split" if kind == "split" else "--name"
    listed = ", ".join(map(shown_name, names[:_LISTED])) + ", …" * (len(names) > _LISTED)
    if wanted is not None:
        if wanted in names:
            return wanted, ()
        raise InputError(f"{name}: no {kind} {shown_name(wanted)}; the dataset has {listed}")
    if len(names) == 1:
        return names[0], ()
    if default is not None and default in names:
        return default, (f"the {kind} {shown_name(default)} of {listed}; {option} names another",)
    raise InputError(f"{name}: the dataset has several {kind}s, {listed}; choose one with {option}")


def _arrow_table(name: str, dataset: Any, notes: tuple[str, ...]) -> Table:
    class_names = class_names_of(dataset.features)
    # as tables: images and sounds, which would have to be decoded, stay the bytes they are
    batches = dataset.with_format("arrow").iter(batch_size=ROWS_AT_ONCE)
    columns = tuple(dataset.column_names or dataset.features or ())
    return Table(name, columns, rows_of(batches, class_names), notes=notes + notes_on(class_names))


def _refuse_script(source: SourceFile) -> None:
    script = source.path / f"{source.path.resolve().name}.py"
    if script.exists():
        raise InputError(
            f"{source.name}: the dataset is made by a script, {script.name}, which is not run; run "
            "it yourself and give what it makes, for instance with save_to_disk"
        )


def _table_of_files(datasets: Any, source: SourceFile, options: ReadOptions) -> Table:
    folder = str(source.path)
    try:
        configurations = datasets.get_dataset_config_names(folder)
    except FileNotFoundError as error:
        raise no_dataset(source) from error
    configuration, notes = _chosen(
        source.name, "configuration", options.configuration, configurations, None
    )
    builder = datasets.load_dataset_builder(folder, configuration)
    files = builder.config.data_files or {}
    split, more_notes = _chosen(
        source.name, "split", options.split, list(map(str, files)), DEFAULT_SPLIT
    )
    notes += more_notes
    refuse_left_out(source, [Path(path) for paths in files.values() for path in paths])
    paths = [Path(path) for path in files[split]]
    notes += (f"read from {listed_files(paths, source.path)}",)
    if all(map(is_of_own_format, paths)):
        return joined_table(source, paths, options, notes)
    return _arrow_table(source.name, builder.as_streaming_dataset(split), notes)

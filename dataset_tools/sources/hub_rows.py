"""Streams a split of a hub dataset into a slot of the download cache, one JSON object a line.

Columns stay as they are, but for numbers of classes, which become the classes' names. A null is
left out: tables cannot tell it from an absent value. The library for datasets reads the
repository's data files; version 4 and later run no code from it.
"""

import json
from collections.abc import Sequence
from typing import IO, Any

from dataset_tools.arrow_values import class_names_of, values_of
from dataset_tools.download_cache import Slot
from dataset_tools.errors import InputError, MissingExtraError
from dataset_tools.sources.attempts import UnavailableError
from dataset_tools.sources.hub_failures import explained
from dataset_tools.sources.hub_location import HubLocation
from dataset_tools.sources.progress import download_progress

DEFAULT_SPLIT = "train"
ROWS_AT_ONCE = 1000


def write_rows(place: HubLocation, commit: str, slot: Slot, limit: int | None = None) -> None:
    """Write the rows of `commit`, or the first `limit` of them, to the slot's part.

    Raises InputError where configuration or split must be named, do not exist, or hold nothing,
    MissingExtraError without the library for datasets.
    """
    try:
        import datasets
    except ImportError as error:
        raise MissingExtraError(f"{place}: reading a dataset's rows", "hf") from error

    quiet = datasets.utils.logging
    level = quiet.get_verbosity()
    quiet.set_verbosity(quiet.CRITICAL)
    try:
        with explained(place):
            splits = _splits(datasets, place, commit)
            rows = splits[_chosen(place, "split", place.split, list(splits), DEFAULT_SPLIT)]
            with slot.new_part(None) as part:
                if not _write(rows, part, str(place), limit):
                    raise InputError(f"{place}: the split has no rows")
    except (InputError, UnavailableError):
        raise
    except Exception as error:
        # One of many kinds: of the library, of Arrow, of the format's reader.
        raise InputError(
            f"{place}: the hub's rows cannot be read: {_first_line(error)}; "
            "a single file can be given as hf://datasets/OWNER/NAME/PATH"
        ) from error
    finally:
        quiet.set_verbosity(level)


def _splits(datasets: Any, place: HubLocation, commit: str) -> dict[str, Any]:
    configs = datasets.get_dataset_config_names(place.repository, revision=commit)
    config = _chosen(place, "configuration", place.config, configs, None)
    splits: dict[str, Any] = datasets.load_dataset(
        place.repository, name=config, revision=commit, streaming=True
    )
    return splits


def _chosen(
    place: HubLocation, kind: str, wanted: str | None, names: Sequence[str], default: str | None
) -> str:
    """Return the name that is wanted, the only one, or the default; raises InputError otherwise."""
    listed = ", ".join(map(repr, names))
    if wanted is not None:
        if wanted in names:
            return wanted
        raise InputError(f"{place}: no {kind} {wanted!r}; the dataset has {listed}")
    if len(names) == 1:
        return names[0]
    if default in names and default is not None:
        return default
    how = "/CONFIG after the name" if kind == "configuration" else "#SPLIT at the end"
    raise InputError(f"{place}: no {kind} is named, and the dataset has {listed}; add {how}")


def _write(rows: Any, part: IO[bytes], name: str, limit: int | None) -> int:
    class_names = class_names_of(rows.features)
    count = 0
    if limit is not None:
        rows = rows.take(limit)
    with download_progress(name, total=None, done=0) as advance:
        # As tables: images and sounds, which would have to be decoded, stay the bytes they are.
        for table in rows.with_format("arrow").iter(batch_size=ROWS_AT_ONCE):
            names = table.schema.names
            columns = [values_of(table.column(name), class_names.get(name)) for name in names]
            for values in zip(*columns, strict=True):
                row = zip(names, values)  # noqa: B905 - a column for each name
                present = {key: value for key, value in row if value is not None}
                line = json.dumps(present, ensure_ascii=False, default=str).encode() + b"\n"
                part.write(line)
                advance(len(line))
                count += 1
    return count


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__

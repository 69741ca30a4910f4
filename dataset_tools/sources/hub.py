"""Datasets of the Hugging Face Hub: a split's rows as JSON Lines, or files of the repository.

Rows go to the download cache, one slot a location, under the commit that they were read from.
Files stay in the hub client's own cache, which other programs share and which resumes, locks and
checks them.
"""

import glob
import sys
from functools import partial
from pathlib import Path
from typing import Any

from dataset_tools.download_cache import Slot, Validators, hold_slot
from dataset_tools.errors import InputError, MissingExtraError
from dataset_tools.path_glob import path_matches
from dataset_tools.sources.attempts import UnavailableError, current_copy
from dataset_tools.sources.file_suffix import has_data_suffix
from dataset_tools.sources.http_content import head_of, refuse_unless_data
from dataset_tools.sources.hub_failures import explained, no_such_file
from dataset_tools.sources.hub_location import PREFIX, HubLocation, parse_hub_location
from dataset_tools.sources.hub_rows import write_rows
from dataset_tools.sources.library_logs import silenced
from dataset_tools.sources.progress import downloads_are_hidden
from dataset_tools.sources.source_file import SourceFile

WRITTEN_AS = "with class names"  # so that rows written otherwise, by an older version, are not used
LOGGERS = ("datasets", "huggingface_hub", "fsspec", "httpx", "httpx2", "urllib3", "filelock")


def fetch(location: str, limit: int | None = None) -> list[SourceFile]:
    """Bring the rows or files that `location` names to this machine; a glob gives files in order.

    What the hub is asked first is the commit, so that a later one is noticed. Where the hub cannot
    be reached, or HF_HUB_OFFLINE is set, the rows of an earlier run are used with a warning.

    With `limit`, only that many rows of a split are read, and kept apart from all of them; a file
    comes whole.

    Raises InputError, one line, if there is no data to be had, and MissingExtraError without the
    library for it. Code from the repository is never run.
    """
    place = parse_hub_location(location)
    with silenced(*LOGGERS):
        try:
            import huggingface_hub
        except ImportError as error:
            raise MissingExtraError(f"{place}: reading hf://", "hf") from error

        api = huggingface_hub.HfApi()
        if place.path is not None:
            try:
                return [_fetch_file(api, place, path) for path in _paths(api, place, place.path)]
            except UnavailableError as failure:
                raise InputError(f"{place}: {failure}; {failure.mend}") from failure
        with hold_slot(str(place) if limit is None else f"{place} first {limit}") as slot:
            path = slot.stored_while_waiting() or current_copy(
                str(place), slot, partial(_current_rows, api, place, slot, limit)
            )
        return [SourceFile(str(place), path)]


def _current_rows(api: Any, place: HubLocation, slot: Slot, limit: int | None) -> Path:
    """Return the copy of the rows that are current now; reads them where there is none."""
    commit, _ = _commit_and_files(api, place)
    validators, stored = Validators(etag=f"{commit} {WRITTEN_AS}"), slot.stored()
    if stored and stored.validators == validators:
        return slot.confirm(stored)
    with explained(place):
        api.auth_check(place.repository, repo_type="dataset")  # strangers may ask for the commit
    write_rows(place, commit, slot, limit)
    return slot.finish(f"{place.repository.partition('/')[2]}.jsonl", validators)


def _commit_and_files(api: Any, place: HubLocation) -> tuple[str, list[str]]:
    with explained(place):
        info = api.dataset_info(place.repository, revision=place.revision)
    return info.sha, [file.rfilename for file in info.siblings or []]


def _paths(api: Any, place: HubLocation, path: str) -> list[str]:
    if not glob.has_magic(path):
        return [path]
    _, files = _commit_and_files(api, place)
    # A file may carry brackets in its name, so the name as it stands comes first.
    matches = [path] if path in files else sorted(f for f in files if path_matches(f, path))
    if not matches:
        raise no_such_file(place, path, [file for file in files if has_data_suffix(file)])
    return matches


def _fetch_file(api: Any, place: HubLocation, path: str) -> SourceFile:
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars

    if not are_progress_bars_disabled() and (downloads_are_hidden() or not _has_terminal()):
        disable_progress_bars()
    try:
        with explained(place):
            local = api.hf_hub_download(
                place.repository, path, repo_type="dataset", revision=place.revision
            )
    except LocalEntryNotFoundError:  # an EntryNotFoundError, too
        raise
    except EntryNotFoundError as error:
        _, files = _commit_and_files(api, place)
        raise no_such_file(place, path, [f for f in files if has_data_suffix(f)]) from error
    file = Path(local)
    name = f"{PREFIX}{place.repository}/{path}" + (f"@{place.revision}" if place.revision else "")
    refuse_unless_data(head_of(file), name)
    return SourceFile(name, file)


def _has_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()

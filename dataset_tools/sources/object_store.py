"""Objects of cloud stores (s3://, gs://, az://), through fsspec's clients, in the download cache.

The stores differ in how a client is made and in the words for a version. Everything else is the
same: ask for the object's state, keep the copy that has this state, or read the missing bytes
range by range and ask again, so that bytes of two versions are never joined.
"""

import glob
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from dataset_tools.download_cache import Slot, Validators, hold_slot
from dataset_tools.errors import InputError
from dataset_tools.sources.attempts import BrokenDownloadError, UnavailableError, current_copy
from dataset_tools.sources.file_suffix import stored_name
from dataset_tools.sources.http_content import head_of, refuse_unless_data
from dataset_tools.sources.library_logs import silenced
from dataset_tools.sources.location import display_name, scheme_of
from dataset_tools.sources.object_store_clients import LOGGERS, Client, open_client
from dataset_tools.sources.object_store_failures import explained, no_such_object
from dataset_tools.sources.progress import download_progress
from dataset_tools.sources.source_file import SourceFile

RANGE_BYTES = 8 * 1024 * 1024
"""The bytes of one request: what an interruption costs at most."""


@dataclass(frozen=True, slots=True)
class ObjectState:
    """What tells one version of an object from another."""

    size: int
    version: str | None
    """The store's word for the version, or the time of the last change; quoted in no message."""

    @property
    def validators(self) -> Validators:
        """The state as the cache keeps it."""
        return Validators(etag=self.version)


def fetch(location: str) -> list[SourceFile]:
    """Bring the objects that `location` names into the cache; a glob gives them in order.

    Of several processes one downloads and the others wait. A store that cannot be reached is
    asked again by its client; then the stored copy, if there is one, is used with a warning.

    Raises InputError, one line that never shows credentials, if there is no data to be had, and
    MissingExtraError without the store's client.
    """
    scheme, path = scheme_of(location), _checked_path(location)
    with silenced(*LOGGERS):
        client = open_client(scheme, display_name(location))
        return [_fetch_object(client, each) for each in _paths(client, path)]


def _checked_path(location: str) -> str:
    """Return `BUCKET/KEY`; raises InputError where that is not what the location holds."""
    scheme, name = scheme_of(location), display_name(location)
    path = location[len(scheme) + len("://") :]
    bucket, _, key = path.partition("/")
    if "?" in path:
        raise InputError(
            f"{name}: holds a question mark, which neither names nor globs may do here; "
            f"for a signed link give its https:// address, in a glob use *"
        )
    if "@" in bucket or not bucket or glob.has_magic(bucket):
        raise InputError(f"{name}: not a location in a store; expected {scheme}://BUCKET/NAME")
    if not key.strip("/"):
        raise InputError(
            f"{name}: is a whole bucket; give an object, or a glob such as "
            f"{scheme}://{bucket}/*.jsonl"
        )
    return path


def _paths(client: Client, path: str) -> list[str]:
    # An object may carry brackets in its name, so the name as it stands comes first.
    try:
        return (
            _matches(client, path)
            if glob.has_magic(path) and not _is_object(client, path)
            else [path]
        )
    except UnavailableError as failure:
        raise InputError(f"{client.location(path)}: {failure}; {failure.mend}") from failure


def _is_object(client: Client, path: str) -> bool:
    """Whether there is an object of just this name, though the name could be a glob."""
    try:
        with explained(client, path):
            return bool(client.filesystem.info(path)["type"] == "file")
    except FileNotFoundError:
        return False


def _matches(client: Client, pattern: str) -> list[str]:
    try:
        with explained(client, pattern):
            found: dict[str, dict[str, Any]] = client.filesystem.glob(pattern, detail=True)
    except FileNotFoundError:
        found = {}
    names = sorted(name for name, info in found.items() if info["type"] == "file")
    if not names:
        raise no_such_object(client, pattern, "no object matches")
    return names


def _fetch_object(client: Client, path: str) -> SourceFile:
    name = client.location(path)
    with hold_slot(name) as slot:
        copy = slot.stored_while_waiting() or current_copy(
            name, slot, partial(_attempt, client, path, slot)
        )
    return SourceFile(name, copy)


def _attempt(client: Client, path: str, slot: Slot) -> Path:
    """Return the copy that is current now, downloading what is missing of it."""
    name = client.location(path)
    state, stored = _state(client, path), slot.stored()
    if (
        stored
        and state.version
        and (stored.size, stored.validators.etag)
        == (
            state.size,
            state.version,
        )
    ):
        return slot.confirm(stored)
    _receive(client, path, state, slot)
    if _state(client, path) != state:
        slot.discard_part()
        raise BrokenDownloadError("the object changed while it was downloaded")
    head = head_of(slot.part_path)
    try:
        refuse_unless_data(head, name)
    except InputError:
        slot.discard_part()
        raise
    return slot.finish(stored_name([path], head), state.validators)


def _state(client: Client, path: str) -> ObjectState:
    """Ask for the object's state; raises InputError if there is no such object."""
    try:
        with explained(client, path):
            info: Mapping[str, Any] = client.filesystem.info(path)
    except FileNotFoundError:
        raise no_such_object(client, path, "no such object") from None
    if info["type"] != "file":
        name = client.location(path).rstrip("/")
        raise InputError(f"{name}: is a folder; give an object, or a glob such as {name}/*.jsonl")
    # A generation of Google's, an ETag of the others'; the time is what little else some have.
    keys = ("generation", "ETag", "etag", "LastModified", "last_modified")
    version = next((info[key] for key in keys if info.get(key)), None)
    return ObjectState(int(info["size"]), None if version is None else str(version))


def _receive(client: Client, path: str, state: ObjectState, slot: Slot) -> None:
    """Write the object to the slot's part, after the bytes of the same version that are there.

    Raises BrokenDownloadError if the store sends other than it was asked for.
    """
    begun = slot.partial()
    resumes = begun is not None and begun.validator == state.version and begun.size <= state.size
    opened_part = slot.append_to_part() if resumes else slot.new_part(state.version)
    done = begun.size if begun is not None and resumes else 0
    name = client.location(path)
    with (
        opened_part as part,
        download_progress(name, total=state.size, done=done) as advance,
    ):
        while done < state.size:
            end = min(done + RANGE_BYTES, state.size)
            try:
                with explained(client, path):
                    block = client.filesystem.cat_file(path, start=done, end=end)
            except FileNotFoundError:
                raise no_such_object(client, path, "no such object") from None
            if len(block) != end - done:
                raise BrokenDownloadError(
                    f"the store sent {len(block):,} bytes where {end - done:,} were asked for"
                )
            part.write(block)
            advance(len(block))
            done = end

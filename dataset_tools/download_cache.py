"""The folder that keeps downloads: one slot a URL, held by one process at a time.

A slot holds

    lock              taken by the process that downloads; the others wait
    copy.json         which finished file is the current one, and the validators it came with
    VERSION-NAME      finished files; VERSION is derived from the validators
    download.part     the beginning of a file whose download was interrupted
    part.json         the validator that lets this download resume

A new version gets a new name, so a job that has started keeps reading the version it was given.
The folder may be deleted whenever no job runs.
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import filelock
import platformdirs

from dataset_tools.errors import InputError
from dataset_tools.home_folder import with_home
from dataset_tools.sources.location import display_name

FOLDER_VARIABLE = "AXOLOTL_REPLICATE_CACHE"

_SILENT_WAIT_SECONDS = 3.0


def cache_folder() -> Path:
    """Return the cache's folder: $AXOLOTL_REPLICATE_CACHE, or the system's place for caches."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    return with_home(chosen) if chosen else platformdirs.user_cache_path("axolotl-replicate")


@dataclass(frozen=True)
class Validators:
    """What a server sends with a file so that a later request can ask whether it changed."""

    etag: str | None = None
    last_modified: str | None = None

    def __bool__(self) -> bool:
        return bool(self.etag or self.last_modified)


@dataclass(frozen=True)
class StoredCopy:
    """A complete file, and when a server last said that it is current (seconds since 1970)."""

    path: Path
    size: int
    validators: Validators
    confirmed_at: float


@dataclass(frozen=True)
class PartialCopy:
    """The first `size` bytes of a file which the server knows by `validator`."""

    size: int
    validator: str


@dataclass(frozen=True)
class Slot:
    """The place of one URL; only the holder of its lock may use it."""

    folder: Path
    asked_at: float

    @property
    def part_path(self) -> Path:
        """Where the bytes of a running download go."""
        return self.folder / "download.part"

    @property
    def _copy_note(self) -> Path:
        return self.folder / "copy.json"

    @property
    def _part_note(self) -> Path:
        return self.folder / "part.json"

    def stored(self) -> StoredCopy | None:
        """Return the current complete copy, if there is one of the size it was stored with."""
        note = _read_note(self._copy_note)
        try:
            copy = StoredCopy(
                path=self.folder / note["file"],
                size=note["size"],
                validators=Validators(note["etag"], note["last_modified"]),
                confirmed_at=note["confirmed_at"],
            )
            return copy if copy.path.stat().st_size == copy.size else None
        except (KeyError, FileNotFoundError):
            return None

    def stored_while_waiting(self) -> Path | None:
        """Return the copy that another process finished or confirmed while this one waited.

        It is as fresh as one that this process would download now.
        """
        copy = self.stored()
        return copy.path if copy and copy.confirmed_at >= self.asked_at else None

    def partial(self) -> PartialCopy | None:
        """Return what an interrupted download left, if it can be resumed."""
        validator = _read_note(self._part_note).get("validator")
        if validator is None or not self.part_path.exists():
            return None
        size = self.part_path.stat().st_size
        return PartialCopy(size, validator) if size else None

    @contextmanager
    def append_to_part(self) -> Iterator[IO[bytes]]:
        """Open the interrupted download for the bytes that are missing."""
        with self.part_path.open("ab") as part:
            yield part
            _flush_to_disk(part)

    @contextmanager
    def new_part(self, resume_validator: str | None) -> Iterator[IO[bytes]]:
        """Open an empty part; without a validator it is not kept when the download fails."""
        self.discard_part()
        if resume_validator:
            _write_note(self._part_note, {"validator": resume_validator})
        with self.part_path.open("wb") as part:
            yield part
            _flush_to_disk(part)

    def discard_part(self) -> None:
        """Forget an interrupted download."""
        self.part_path.unlink(missing_ok=True)
        self._part_note.unlink(missing_ok=True)

    def finish(self, name: str, validators: Validators) -> Path:
        """Turn the part into the current complete copy, whose file name ends in `name`."""
        size = self.part_path.stat().st_size
        path = self.folder / f"{_version(validators)}-{name}"
        self.part_path.replace(path)
        self._part_note.unlink(missing_ok=True)
        _sync_folder(self.folder)
        self.confirm(StoredCopy(path, size, validators, confirmed_at=0))
        return path

    def confirm(self, copy: StoredCopy) -> Path:
        """Record that `copy` is what the server has now."""
        note = {
            "file": copy.path.name,
            "size": copy.size,
            "etag": copy.validators.etag,
            "last_modified": copy.validators.last_modified,
            "confirmed_at": time.time(),
        }
        _write_note(self._copy_note, note)
        return copy.path


@contextmanager
def hold_slot(url: str) -> Iterator[Slot]:
    """Hold the slot of `url`, waiting for the process that has it.

    On leaving, whatever cannot be resumed is removed. Raises InputError if the folder cannot be
    written.
    """
    asked_at = time.time()
    # The URL may carry a token, so only its digest is written down.
    folder = (
        cache_folder()
        / "downloads"
        / hashlib.sha256(url.encode(errors="surrogateescape")).hexdigest()[:32]
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder / "lock", url):
            slot = Slot(folder, asked_at)
            try:
                yield slot
            finally:
                if slot.partial() is None:
                    slot.discard_part()
    except OSError as error:
        raise InputError(
            f"{display_name(url)}: cannot be stored in {str(folder)!r}: "
            f"{error.strerror or error}; make room or set {FOLDER_VARIABLE} to another folder"
        ) from error


@contextmanager
def _locked(path: Path, url: str) -> Iterator[None]:
    lock = filelock.FileLock(path)
    try:
        lock.acquire(timeout=_SILENT_WAIT_SECONDS)
    except filelock.Timeout:
        print(f"{display_name(url)}: waiting for another process's download", file=sys.stderr)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _version(validators: Validators) -> str:
    identity = json.dumps([validators.etag, validators.last_modified])
    return hashlib.sha256(identity.encode()).hexdigest()[:12]


def _read_note(path: Path) -> dict[str, Any]:
    try:
        note = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        # A note damaged from outside costs one download, no more.
        return {}
    return note if isinstance(note, dict) else {}


def _write_note(path: Path, note: dict[str, Any]) -> None:
    unfinished = path.with_suffix(".tmp")
    with unfinished.open("w", encoding="utf-8") as file:
        json.dump(note, file)
        _flush_to_disk(file)
    unfinished.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    # A rename outlives a power failure only once its folder is on the disk.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _flush_to_disk(file: IO[Any]) -> None:
    file.flush()
    os.fsync(file.fileno())

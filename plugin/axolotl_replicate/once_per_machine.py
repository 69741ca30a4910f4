"""Work that one process of a job does for all of its machine: downloading, linting, storing.

The process with local rank 0 works; the others wait for its result. In the meeting place:

    lock             held by the process that works until its result is there, or it has ended
    working          there as soon as the lock is held
    KEY.json         the result; KEY is a hash of what the work depends on
"""

import json
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import filelock

from axolotl_replicate.meeting_place import meeting_place
from axolotl_replicate.processes import is_main_process
from axolotl_replicate.termination import end_run, end_with_the_others

EXIT_KILLED = 1
_PAUSE_SECONDS = 0.05
# held to the process's end where the work fails: only then has it said why
_locks_held: list[filelock.BaseFileLock] = []


def once_per_machine(depends_on: Any, work: Callable[[], Any]) -> Any:
    """The result of the work, done by one process of this machine's.

    Both `depends_on` and the result are values that JSON can carry. Raises SystemExit with the
    working process's exit code where that ends the run; what the work raises, it raises there.
    """
    place = meeting_place()
    if place is None:
        return work()
    key = sha256(json.dumps(depends_on, sort_keys=True, default=str).encode()).hexdigest()[:32]
    result = place / f"{key}.json"
    if not is_main_process():
        return _awaited(result, place)
    if not result.exists():
        lock = _lock(place)
        lock.acquire()
        _locks_held.append(lock)
        (place / "working").touch()
        _write(result, work())
        _locks_held.remove(lock)
        lock.release()
    return json.loads(result.read_text())


def _awaited(result: Path, place: Path) -> Any:
    while not result.exists():
        end_with_the_others(place)
        if (place / "working").exists() and _is_free(_lock(place)) and not result.exists():
            end_with_the_others(place)
            end_run("the process that prepared the data for this machine was killed", EXIT_KILLED)
        time.sleep(_PAUSE_SECONDS)
    return json.loads(result.read_text())


def _lock(place: Path) -> filelock.BaseFileLock:
    return filelock.FileLock(place / "lock")


def _is_free(lock: filelock.BaseFileLock) -> bool:
    try:
        with lock.acquire(blocking=False):
            return True
    except filelock.Timeout:
        return False


def _write(path: Path, value: Any) -> None:
    from dataset_tools.output_files import replacing

    with replacing(path) as stream:
        stream.write(json.dumps(value).encode())

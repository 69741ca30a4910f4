"""Where the processes that one launcher has started on one machine meet: a folder of small files.

torchrun, and accelerate with it, start them as children of one agent. So the agent's process id and
start, with the attempt's number, name the folder, and no other job can have the same. Where the
environment does not tell of such an agent there is no meeting place, and every process is alone.
"""

import os
import platform
import shutil
import time
from contextlib import suppress
from pathlib import Path

from axolotl_replicate.processes import local_process_count

_AGENT_VARIABLE = "TORCHELASTIC_RUN_ID"
_ATTEMPT_VARIABLE = "TORCHELASTIC_RESTART_COUNT"
_START_FIELD = 19  # "starttime" in proc_pid_stat(5), counted from the field after the name
_KEPT_SECONDS = 7 * 24 * 3600


def meeting_place() -> Path | None:
    """The folder, made if need be; None where this process has no one to meet.

    Raises OSError where the cache folder cannot be written.
    """
    if _AGENT_VARIABLE not in os.environ or local_process_count() == 1:
        return None
    from dataset_tools.download_cache import cache_folder

    agent = os.getppid()
    started = _start_ticks(agent)
    attempt = os.environ.get(_ATTEMPT_VARIABLE, "0")
    # the cache may be on a disk that several machines share
    place = cache_folder() / "jobs" / f"{platform.node()}-{agent}-{started}-{attempt}"
    if not place.exists():
        place.mkdir(parents=True, exist_ok=True)
        _remove_old(place.parent)
    return place


def claim(place: Path, name: str) -> bool:
    """Whether this process is the first to claim that name."""
    try:
        (place / name).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _start_ticks(process: int) -> str:
    """When a process started, in clock ticks since the machine did; process ids are used again."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:  # only Linux has it
        return "0"
    after_name = stat.rpartition(")")[2].split()
    return after_name[_START_FIELD]


def _remove_old(jobs: Path) -> None:
    """Remove what jobs of more than a week ago have left; they read it within their first hours."""
    for job in jobs.iterdir():
        with suppress(OSError):  # another process may be removing it
            if time.time() - job.stat().st_mtime > _KEPT_SECONDS:
                shutil.rmtree(job)

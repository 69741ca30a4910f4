"""What a run says, and how it ends: one clear line on standard error and an exit code.

Axolotl answers an exception in a plugin with some sixty lines of traceback, and passes SystemExit
on. Where several processes of a machine say or end the same, it is said once, by the first.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import NoReturn

from axolotl_replicate.meeting_place import claim, meeting_place
from axolotl_replicate.processes import is_main_process

EXIT_FINDINGS = 1
EXIT_MISUSE = 2
TRACEBACK_VARIABLE = "AXOLOTL_REPLICATE_TRACEBACK"

_LONGEST_WAIT_SECONDS = 10.0  # for another process's last words
_PAUSE_SECONDS = 0.02
_times_said: Counter[str] = Counter()


def say(message: str) -> None:
    """Print a line on standard error, once for all processes of a machine."""
    place = _meeting_place()
    if place is None:
        speaks = is_main_process()
    else:
        _times_said[message] += 1
        key = sha256(f"{_times_said[message]} {message}".encode()).hexdigest()[:32]
        speaks = claim(place, f"said-{key}")
    if speaks:
        _print(message)


def end_run(message: str, exit_code: int = EXIT_MISUSE) -> NoReturn:
    """Say why and exit; raises SystemExit.

    Of a machine's processes the first to get here speaks, and the others wait until it has: a
    launcher ends them all when one has ended.
    """
    place = _meeting_place()
    if place is None:
        say(f"axolotl-replicate: error: {message}")
    elif claim(place, "ending"):
        _print(f"axolotl-replicate: error: {message}")
        (place / "ending").write_text(str(exit_code))
    else:
        waited_until = time.monotonic() + _LONGEST_WAIT_SECONDS
        while time.monotonic() < waited_until:
            end_with_the_others(place)
            time.sleep(_PAUSE_SECONDS)
    raise SystemExit(exit_code)


def end_with_the_others(place: Path) -> None:
    """Exit as another process of this machine's has ended the run, if one has."""
    with suppress(OSError):
        exit_code = (place / "ending").read_text()
        if exit_code:
            raise SystemExit(int(exit_code))


def _meeting_place() -> Path | None:
    with suppress(OSError):  # whoever needs the folder for more than words will say what is wrong
        return meeting_place()
    return None


def _print(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


@contextmanager
def ending_the_run_on_error(recipe: object = None) -> Iterator[None]:
    """Turn any exception inside into one line that names the recipe, and an exit."""
    try:
        yield
    except Exception as error:
        if os.environ.get(TRACEBACK_VARIABLE):
            raise
        place = f"{recipe}: " if recipe else ""
        end_run(f"{place}{_explain(error)}")


def _explain(error: Exception) -> str:
    if isinstance(error, ImportError):
        return (
            f"cannot import {error.name or error}; install the trainer's libraries: "
            "pip install 'axolotl-replicate[train]'"
        )
    if type(error).__module__.startswith("dataset_tools."):
        return str(error)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {(error.strerror or str(error)).lower()}"
    return (
        f"unexpected {type(error).__name__}: {error}; set {TRACEBACK_VARIABLE}=1 to see where, "
        "and please report it"
    )

"""Ending a run: one clear line on standard error and an exit code, whatever went wrong.

Axolotl answers an exception in a plugin with some sixty lines of traceback, and passes SystemExit
on.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from axolotl_replicate.processes import is_main_process

EXIT_FINDINGS = 1
EXIT_MISUSE = 2
TRACEBACK_VARIABLE = "AXOLOTL_REPLICATE_TRACEBACK"


def say(message: str) -> None:
    """Print a line on standard error, once for all processes of a machine."""
    if is_main_process():
        print(message, file=sys.stderr, flush=True)


def end_run(message: str, exit_code: int = EXIT_MISUSE) -> NoReturn:
    """Say why and exit; raises SystemExit."""
    say(f"axolotl-replicate: error: {message}")
    raise SystemExit(exit_code)


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

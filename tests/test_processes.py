"""Several processes do what one does, and their errors arrive whole."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataset_tools.errors import InputError, MissingExtraError
from dataset_tools.lint.processes import AHEAD, in_order


def square(number: int) -> int:
    return number * number


def process_that_runs(number: int) -> int:
    return os.getpid()


def need_an_extra(number: int) -> int:
    raise MissingExtraError("squaring", "maths")


def be_killed(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_results_come_in_order(jobs: int) -> None:
    """Whoever is done first, results come in the order of their arguments."""
    assert [number**2 for number in range(20)] == list(
        in_order(square, ((number,) for number in range(20)), jobs)
    )


def test_arguments_are_drawn_late() -> None:
    """No more tasks are in flight than keep the processes busy."""
    drawn = []

    def arguments() -> Iterator[tuple[int]]:
        for number in range(20):
            drawn.append(number)
            yield (number,)

    results = in_order(square, arguments(), 2)
    next(results)

    assert len(drawn) <= 2 * AHEAD + 1
    assert len(list(results)) == 19


def test_processes_end_with_the_interest_in_them() -> None:
    """Nothing is left running, nor waited for, where the results are not all taken."""
    results = in_order(process_that_runs, ((number,) for number in range(20)), 2)
    process = next(results)

    results.close()

    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_an_error_crosses_processes() -> None:
    """What a process refuses is told as if there were one process only."""
    with pytest.raises(MissingExtraError, match=r"pip install 'axolotl-replicate\[maths\]'"):
        list(in_order(need_an_extra, ((number,) for number in range(4)), 2))


def test_a_killed_process_is_told() -> None:
    """A process that the system kills ends the run with one line, not with silence."""
    with pytest.raises(InputError, match="was killed, most likely for lack of memory"):
        list(in_order(be_killed, ((number,) for number in range(4)), 2))


SIGNALLED_AT_ONCE = """
import os, signal, sys
from dataset_tools.errors import InputError
from dataset_tools.lint.processes import in_order

def fork_and_be_signalled():
    process = fork()
    if process == 0:
        os.kill(os.getpid(), signal.SIGTERM)
    return process

fork, os.fork = os.fork, fork_and_be_signalled
signal.signal(signal.SIGTERM, lambda *_: sys.exit("what the parent does"))
try:
    list(in_order(abs, ((number,) for number in range(4)), 2))
except InputError as error:
    print(str(error).partition(",")[0])
"""


def test_a_process_that_is_ended_at_once_does_nothing_of_its_parent() -> None:
    """A signal that comes before a process serves finds it without its parent's handlers."""
    run = subprocess.run(
        [sys.executable, "-c", SIGNALLED_AT_ONCE], capture_output=True, text=True, check=False
    )

    assert run.stderr == ""
    assert run.stdout == "a process that checked the data was killed\n"


def test_processes_beyond_the_open_files_allowed() -> None:
    """Where no more files may be open, that is told, and what was started ends."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = list(Path("/dev/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(before) + 20, hard))
    try:
        with pytest.raises(InputError, match=r"cannot be started: Too many .*; use fewer --jobs"):
            list(in_order(square, ((number,) for number in range(40)), 20))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert len(list(Path("/dev/fd").iterdir())) == len(before)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_many_open_files() -> None:
    """Replies are read where more files are open than `select` knows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1200), hard))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1030)]
    try:
        assert [n**2 for n in range(4)] == list(in_order(square, ((n,) for n in range(4)), 2))
    finally:
        for each in held:
            os.close(each)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

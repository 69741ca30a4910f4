"""Several processes do what one does, and their errors arrive whole."""

import os
import signal
from collections.abc import Iterator

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

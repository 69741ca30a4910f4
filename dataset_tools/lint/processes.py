"""Processes: one function over many arguments, by several processes, results in order.

Processes are forked, so that they share what the function holds, the open file among it.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from dataset_tools.byte_scan import numpy_module
from dataset_tools.errors import InputError

if TYPE_CHECKING:
    from concurrent.futures import Future

Result = TypeVar("Result")

AHEAD = 2  # tasks in flight for each process; more would only hold more results

_function: Callable[..., Any]  # what the forked processes call; set before they start


def in_order(
    function: Callable[..., Result], arguments: Iterable[tuple[Any, ...]], jobs: int
) -> Iterator[Result]:
    """`function(*each)` for all arguments, which are drawn as late as possible.

    Raises InputError if a process is killed, most likely for lack of memory.
    """
    if jobs <= 1:
        for each in arguments:
            yield function(*each)
        return
    numpy_module()  # once, rather than in each process
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    global _function
    _function = function
    waiting: deque[Future[Result]] = deque()
    remaining = iter(arguments)
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        try:
            for each in islice(remaining, jobs * AHEAD):
                waiting.append(pool.submit(_call, each))
            while waiting:
                yield waiting.popleft().result()
                for each in islice(remaining, 1):
                    waiting.append(pool.submit(_call, each))
        except BrokenProcessPool as error:
            raise InputError(
                "a process that checked the data was killed, most likely for lack of memory; "
                "use fewer --jobs"
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _call(arguments: tuple[Any, ...]) -> Any:
    return _function(*arguments)

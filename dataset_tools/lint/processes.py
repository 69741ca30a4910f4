"""Processes: one function over many arguments, by several processes, results in order.

Processes are forked, so that they share what the function holds, the open file among it. A pipe
to each and one back are enough for that; the standard library's pools, with their threads, take
a tenth of the time of a 200 MB file to start.
"""

import os
import pickle
import select
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any, TypeVar

from dataset_tools.errors import InputError
from dataset_tools.numpy_loading import numpy_module

Result = TypeVar("Result")

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
AHEAD = 8  # for each process, tasks given out before their turn; more would only hold more results


def in_order(
    function: Callable[..., Result], arguments: Iterable[tuple[Any, ...]], jobs: int
) -> Iterator[Result]:
    """`function(*each)` for all arguments, which are drawn as late as possible.

    Raises InputError if a process is killed, most likely for lack of memory, or cannot be started.
    """
    if jobs <= 1:
        for each in arguments:
            yield function(*each)
        return
    numpy_module()  # once, rather than in each process
    idle: list[_Worker] = []
    busy: dict[int, tuple[_Worker, int]] = {}  # the task of each, by where its reply comes in
    tasks = enumerate(arguments)
    done: dict[int, Result] = {}
    turn = given_out = 0
    replies = select.poll()  # `select` knows the first 1,024 open files only
    try:
        with _signals_held_back() as mask:
            for _ in range(jobs):
                idle.append(_Worker(function, mask))
        while True:
            free = min(len(idle), turn + jobs * AHEAD - given_out)
            for number, each in islice(tasks, free):
                worker = idle.pop()
                busy[worker.replies.fileno()] = worker, number
                replies.register(worker.replies)
                worker.send(each)
                given_out += 1
            if turn in done:
                turn += 1
                yield done.pop(turn - 1)
            elif busy:
                for ready, _ in replies.poll():
                    worker, number = busy.pop(ready)
                    replies.unregister(ready)
                    idle.append(worker)
                    done[number] = worker.receive()
            else:
                return
    finally:
        _end([*idle, *(worker for worker, _ in busy.values())])


@contextmanager
def meanwhile(function: Callable[[], Result]) -> Iterator[Callable[[], Result]]:
    """Has a process of its own call the function; what is yielded waits for what it returns."""
    workers: list[_Worker] = []
    try:
        with _signals_held_back() as mask:
            workers.append(_Worker(function, mask))
        workers[0].send(())
        yield workers[0].receive
    finally:
        _end(workers)


@contextmanager
def _signals_held_back() -> Iterator[set[int]]:
    """Signals that end the program wait, here and in processes that are started.

    A process that does not serve yet would answer them as its parent does, and a process that the
    parent does not know yet would be left behind. Yields what is to be held back from then on.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield mask
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


class _Worker:
    """A process that calls a function with arguments it is sent, and sends back what comes."""

    def __init__(self, function: Callable[..., Any], mask: set[int]) -> None:
        pipes: list[int] = []
        try:
            pipes += os.pipe()
            pipes += os.pipe()
            self.process = os.fork()
        except OSError as error:
            for end in pipes:
                os.close(end)
            raise InputError(
                f"a process to check the data cannot be started: {error.strerror}; use fewer --jobs"
            ) from error
        requests, own_requests, own_replies, replies = pipes
        if self.process == 0:
            _serve(function, mask, requests, replies, (own_requests, own_replies))
        os.close(requests)
        os.close(replies)
        self.requests = os.fdopen(own_requests, "wb")
        self.replies = os.fdopen(own_replies, "rb")

    def send(self, arguments: tuple[Any, ...]) -> None:
        """Have the function called; to be followed by `receive`."""
        try:
            pickle.dump(arguments, self.requests, pickle.HIGHEST_PROTOCOL)
            self.requests.flush()
        except BrokenPipeError as error:
            raise _killed() from error

    def receive(self) -> Any:
        """What the function returned, once it has; raises what it raised."""
        try:
            result, error = pickle.load(self.replies)
        except (EOFError, pickle.UnpicklingError) as failure:
            raise _killed() from failure
        if error is not None:
            raise error
        return result

    def close(self) -> None:
        """Wait for the process to end, which has been told to."""
        os.waitpid(self.process, 0)
        self.replies.close()
        with suppress(BrokenPipeError):  # it may have ended before it took a request
            self.requests.close()


def _end(workers: list[_Worker]) -> None:
    """End the processes, whatever they do."""
    for worker in workers:
        os.kill(worker.process, signal.SIGTERM)
    for worker in workers:
        worker.close()


def _serve(
    function: Callable[..., Any],
    mask: set[int],
    requests: int,
    replies: int,
    ends_of_parent: tuple[int, int],
) -> None:
    """Answer requests until they end; never returns, so that nothing of the parent's is done."""
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # it reaches the parent, too, which tells
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for end in ends_of_parent:
            os.close(end)
        with os.fdopen(requests, "rb") as incoming, os.fdopen(replies, "wb") as outgoing:
            while True:
                arguments = pickle.load(incoming)
                reply: tuple[Any, Exception | None]
                try:
                    reply = function(*arguments), None
                except Exception as error:  # the parent raises it
                    reply = None, error
                pickle.dump(reply, outgoing, pickle.HIGHEST_PROTOCOL)
                outgoing.flush()
    finally:
        os._exit(0)


def _killed() -> InputError:
    return InputError(
        "a process that checked the data was killed, most likely for lack of memory; "
        "use fewer --jobs"
    )

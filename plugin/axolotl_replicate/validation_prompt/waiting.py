"""Several processes, of which one works and the others wait for it, however long it takes.

A process that waits in a collective operation gives up after `ddp_timeout`. So the one that works
sends a sign of life now and then, and the others wait for one sign after the other.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist

_STILL_WORKING, _DONE = 1, 0
_MAIN_PROCESS = 0
_LONGEST_PAUSE = 60.0  # seconds between two signs


@contextmanager
def others_waiting(device: Any, timeout_seconds: float) -> Iterator[Callable[[], None]]:
    """A block for the main process, at whose end the others go on; yields a sign of life.

    To be entered by the main process alone, while every other one is in `wait_for_main_process`.
    The sign is to be called more often than `timeout_seconds`; it is sent when it is due.
    """
    if not _several():
        yield lambda: None
        return
    pause = min(_LONGEST_PAUSE, timeout_seconds / 4)
    last = time.monotonic()

    def show_life() -> None:
        nonlocal last
        if time.monotonic() - last >= pause:
            _broadcast(_STILL_WORKING, device)
            last = time.monotonic()

    try:
        yield show_life
    finally:
        _broadcast(_DONE, device)


def wait_for_main_process(device: Any) -> None:
    """Wait until the main process has left its block."""
    while _several() and _broadcast(_DONE, device) == _STILL_WORKING:
        pass


def _several() -> bool:
    joined: bool = dist.is_available() and dist.is_initialized()
    return joined and int(dist.get_world_size()) > 1


def _broadcast(sign: int, device: Any) -> int:
    """Send the main process's sign; returns what was sent."""
    tensor = torch.tensor(sign, device=device)
    dist.broadcast(tensor, src=_MAIN_PROCESS)
    return int(tensor.item())

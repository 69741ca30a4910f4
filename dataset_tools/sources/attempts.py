"""Attempts at a download: again after growing pauses, or the copy of an earlier run."""

import random
import sys
from collections.abc import Callable
from pathlib import Path

from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential

from dataset_tools.download_cache import Slot
from dataset_tools.errors import InputError

ATTEMPTS = 5
ATTEMPTS_WITH_STORED_COPY = 2
FIRST_PAUSE_SECONDS = 1.0
"""The pause before the second attempt; it doubles with each further one. Tests shorten it."""
LONGEST_PAUSE_SECONDS = 60.0
"""A server's Retry-After counts up to here."""


class UnavailableError(Exception):
    """The server cannot be had now; `retry_after` is how many seconds it asks to wait."""

    def __init__(
        self,
        problem: str,
        *,
        mend: str = "check the address or try again later",
        worth_retrying: bool = True,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(problem)
        self.mend = mend
        self.worth_retrying = worth_retrying
        self.retry_after = retry_after


class BrokenDownloadError(UnavailableError):
    """The server answered with the file, but not with all of it."""


def current_copy(name: str, slot: Slot, attempt: Callable[[], Path]) -> Path:
    """Return what `attempt` does, which is repeated while it raises an UnavailableError.

    If the server stays unavailable, the slot's copy, if there is one, is used with a warning.
    Raises InputError if there is none.
    """
    stored = slot.stored()

    def can_stand_in(failure: BaseException | None) -> bool:
        # A broken download is known to be a newer version: the old one would be the wrong data.
        return stored is not None and not isinstance(failure, BrokenDownloadError)

    def gives_up(state: RetryCallState) -> bool:
        failure = state.outcome.exception() if state.outcome else None
        limit = ATTEMPTS_WITH_STORED_COPY if can_stand_in(failure) else ATTEMPTS
        return state.attempt_number >= limit

    retrying = Retrying(
        retry=retry_if_exception(_is_worth_retrying), stop=gives_up, wait=_pause, reraise=True
    )
    try:
        return retrying(attempt)
    except UnavailableError as failure:
        if stored is not None and can_stand_in(failure):
            print(f"warning: {name}: {failure}; using the copy downloaded before", file=sys.stderr)
            return stored.path
        times = f", {ATTEMPTS} times in a row" if failure.worth_retrying else ""
        raise InputError(f"{name}: {failure}{times}; {failure.mend}") from failure


def _is_worth_retrying(error: BaseException) -> bool:
    return isinstance(error, UnavailableError) and error.worth_retrying


def _pause(state: RetryCallState) -> float:
    failure = state.outcome.exception() if state.outcome else None
    if isinstance(failure, UnavailableError) and failure.retry_after is not None:
        return min(failure.retry_after, LONGEST_PAUSE_SECONDS)
    backoff = wait_exponential(multiplier=FIRST_PAUSE_SECONDS, max=LONGEST_PAUSE_SECONDS)
    # Jobs that failed together do not ask again together.
    return backoff(state) + random.uniform(0, FIRST_PAUSE_SECONDS)

"""Files of the web: downloaded once into the cache, and asked about again on later runs."""

import random
import sys
from pathlib import Path

import requests
from requests import codes
from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential

from dataset_tools.download_cache import PartialCopy, Slot, StoredCopy, Validators, hold_slot
from dataset_tools.errors import InputError
from dataset_tools.sources.http_body import receive
from dataset_tools.sources.http_content import (
    file_name_for,
    head_of,
    refuse_unless_announced_as_data,
    refuse_unless_data,
)
from dataset_tools.sources.http_failures import (
    BrokenDownloadError,
    UnavailableError,
    refuse_failed_status,
)
from dataset_tools.sources.http_session import HttpSession
from dataset_tools.sources.location import display_name
from dataset_tools.sources.source_file import SourceFile

ATTEMPTS = 5
ATTEMPTS_WITH_STORED_COPY = 2
FIRST_PAUSE_SECONDS = 1.0
"""The pause before the second attempt; it doubles with each further one. Tests shorten it."""
LONGEST_PAUSE_SECONDS = 60.0
"""A server's Retry-After counts up to here."""


def fetch(location: str) -> list[SourceFile]:
    """Bring the file at the URL `location` into the cache, or use the copy there if it is current.

    Of several processes one downloads and the others wait. A server that cannot be reached is
    asked again with growing pauses; then the stored copy, if there is one, is used with a warning.

    Raises InputError, one line that never shows credentials, if there is no data to be had.
    """
    name = display_name(location)
    with hold_slot(location) as slot, HttpSession(location) as session:
        path = slot.stored_while_waiting() or _current_copy(session, slot)
    return [SourceFile(name, path)]


def _current_copy(session: HttpSession, slot: Slot) -> Path:
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
        return retrying(_attempt, session, slot)
    except UnavailableError as failure:
        if stored is not None and can_stand_in(failure):
            print(
                f"warning: {session.name}: {failure}; using the copy downloaded before",
                file=sys.stderr,
            )
            return stored.path
        times = f", {ATTEMPTS} times in a row" if failure.worth_retrying else ""
        raise InputError(
            f"{session.name}: {failure}{times}; check the address or try again later"
        ) from failure


def _is_worth_retrying(error: BaseException) -> bool:
    return isinstance(error, UnavailableError) and error.worth_retrying


def _pause(state: RetryCallState) -> float:
    failure = state.outcome.exception() if state.outcome else None
    if isinstance(failure, UnavailableError) and failure.retry_after is not None:
        return min(failure.retry_after, LONGEST_PAUSE_SECONDS)
    backoff = wait_exponential(multiplier=FIRST_PAUSE_SECONDS, max=LONGEST_PAUSE_SECONDS)
    # Jobs that failed together do not ask again together.
    return backoff(state) + random.uniform(0, FIRST_PAUSE_SECONDS)


def _attempt(session: HttpSession, slot: Slot) -> Path:
    """Make one request, and return the complete and current copy that follows from its answer."""
    stored, partial = slot.stored(), slot.partial()
    with session.open(_conditions(stored, partial)) as response:
        validators = _validators(response)
        if stored and _is_unchanged(stored, response, validators):
            return slot.confirm(stored)
        if partial and response.status_code == codes.requested_range_not_satisfiable:
            slot.discard_part()
            raise BrokenDownloadError("the interrupted download cannot be resumed")
        refuse_failed_status(response, session.name)
        refuse_unless_announced_as_data(response, session.name)
        receive(response, slot, partial, session.name)
        head = head_of(slot.part_path)
        try:
            refuse_unless_data(head, session.name)
        except InputError:
            slot.discard_part()
            raise
        return slot.finish(file_name_for(response, head), validators)


def _conditions(stored: StoredCopy | None, partial: PartialCopy | None) -> dict[str, str]:
    """Return the request headers that spare what is here already (RFC 9110, chapters 13, 14)."""
    conditions = {}
    if stored and stored.validators.etag:
        conditions["If-None-Match"] = stored.validators.etag
    if stored and stored.validators.last_modified:
        conditions["If-Modified-Since"] = stored.validators.last_modified
    if partial:
        conditions["Range"] = f"bytes={partial.size}-"
        conditions["If-Range"] = partial.validator
    return conditions


def _validators(response: requests.Response) -> Validators:
    return Validators(response.headers.get("ETag"), response.headers.get("Last-Modified"))


def _is_unchanged(stored: StoredCopy, response: requests.Response, validators: Validators) -> bool:
    if response.status_code == codes.not_modified:
        return True
    # Some servers send validators but overlook conditions; the body need not be read then.
    unconditional = response.status_code == codes.ok
    return unconditional and bool(validators) and validators == stored.validators

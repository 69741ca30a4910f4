"""Files of the web: downloaded once into the cache, and asked about again on later runs."""

from functools import partial
from pathlib import Path

import requests
from requests import codes

from dataset_tools.download_cache import PartialCopy, Slot, StoredCopy, Validators, hold_slot
from dataset_tools.errors import InputError
from dataset_tools.sources.attempts import BrokenDownloadError, current_copy
from dataset_tools.sources.http_body import receive
from dataset_tools.sources.http_content import (
    file_name_for,
    head_of,
    refuse_unless_announced_as_data,
    refuse_unless_data,
)
from dataset_tools.sources.http_failures import refuse_failed_status
from dataset_tools.sources.http_session import HttpSession
from dataset_tools.sources.location import display_name
from dataset_tools.sources.source_file import SourceFile


def fetch(location: str) -> list[SourceFile]:
    """Bring the file at the URL `location` into the cache, or use the copy there if it is current.

    Of several processes one downloads and the others wait. A server that cannot be reached is
    asked again with growing pauses; then the stored copy, if there is one, is used with a warning.

    Raises InputError, one line that never shows credentials, if there is no data to be had.
    """
    name = display_name(location)
    with hold_slot(location) as slot, HttpSession(location) as session:
        path = slot.stored_while_waiting() or current_copy(
            session.name, slot, partial(_attempt, session, slot)
        )
    return [SourceFile(name, path)]


def _attempt(session: HttpSession, slot: Slot) -> Path:
    """Make one request, and return the complete and current copy that follows from its answer."""
    stored, begun = slot.stored(), slot.partial()
    with session.open(_conditions(stored, begun)) as response:
        validators = _validators(response)
        if stored and _is_unchanged(stored, response, validators):
            return slot.confirm(stored)
        if begun and response.status_code == codes.requested_range_not_satisfiable:
            slot.discard_part()
            raise BrokenDownloadError("the interrupted download cannot be resumed")
        refuse_failed_status(response, session.name)
        refuse_unless_announced_as_data(response, session.name)
        receive(response, slot, begun, session.name)
        head = head_of(slot.part_path)
        try:
            refuse_unless_data(head, session.name)
        except InputError:
            slot.discard_part()
            raise
        return slot.finish(file_name_for(response, head), validators)


def _conditions(stored: StoredCopy | None, begun: PartialCopy | None) -> dict[str, str]:
    """Return the request headers that spare what is here already (RFC 9110, chapters 13, 14)."""
    conditions = {}
    if stored and stored.validators.etag:
        conditions["If-None-Match"] = stored.validators.etag
    if stored and stored.validators.last_modified:
        conditions["If-Modified-Since"] = stored.validators.last_modified
    if begun:
        conditions["Range"] = f"bytes={begun.size}-"
        conditions["If-Range"] = begun.validator
    return conditions


def _validators(response: requests.Response) -> Validators:
    return Validators(response.headers.get("ETag"), response.headers.get("Last-Modified"))


def _is_unchanged(stored: StoredCopy, response: requests.Response, validators: Validators) -> bool:
    if response.status_code == codes.not_modified:
        return True
    # Some servers send validators but overlook conditions; the body need not be read then.
    unconditional = response.status_code == codes.ok
    return unconditional and bool(validators) and validators == stored.validators

"""Receives the body of an answer into the cache: whole, or the part that was still missing."""

import email.utils
import re

import requests
import urllib3.exceptions
from requests import codes

from dataset_tools.download_cache import PartialCopy, Slot
from dataset_tools.sources.attempts import BrokenDownloadError
from dataset_tools.sources.progress import download_progress

_CHUNK_BYTES = 1 << 16


def receive(
    response: requests.Response, slot: Slot, partial: PartialCopy | None, name: str
) -> None:
    """Write the body to the slot's part, after the bytes of `partial` if the server agreed.

    Raises BrokenDownloadError unless the part is then complete.
    """
    if response.status_code == codes.partial_content:
        start, total = _missing_range(response, slot, partial)
        opened_part = slot.append_to_part()
    else:
        start, total = 0, _whole_number(response.headers.get("Content-Length"))
        opened_part = slot.new_part(_resume_validator(response))
    with opened_part as part, download_progress(name, total=total, done=start) as advance:
        size = start
        try:
            # Bytes as they are on the wire, which is what Content-Length counts.
            for chunk in response.raw.stream(_CHUNK_BYTES, decode_content=False):
                part.write(chunk)
                size += len(chunk)
                advance(len(chunk))
        except urllib3.exceptions.HTTPError as error:
            raise BrokenDownloadError(f"the download broke off {_after(size, total)}") from error
    if total is not None and size != total:
        raise BrokenDownloadError(f"the download broke off {_after(size, total)}")


def _missing_range(
    response: requests.Response, slot: Slot, partial: PartialCopy | None
) -> tuple[int, int | None]:
    """Return where the bytes of a partial answer start, which must be where ours end."""
    content_range = response.headers.get("Content-Range", "")
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", content_range.strip())
    if partial is None or match is None or int(match[1]) != partial.size:
        slot.discard_part()
        raise BrokenDownloadError(f"the server sent the wrong part ({content_range or 'no range'})")
    return partial.size, _whole_number(match[2])


def _whole_number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None


def _after(size: int, total: int | None) -> str:
    return f"after {size:,} bytes" if total is None else f"after {size:,} of {total:,} bytes"


def _resume_validator(response: requests.Response) -> str | None:
    """Return what If-Range may carry: only what tells any two versions apart.

    That is a strong ETag or, without any ETag, a date that was over before the file was sent (RFC
    9110, sections 8.8.2.2 and 13.1.5).
    """
    etag = response.headers.get("ETag")
    if etag:
        return None if etag.startswith("W/") else etag
    try:
        modified = email.utils.parsedate_to_datetime(response.headers["Last-Modified"])
        sent = email.utils.parsedate_to_datetime(response.headers["Date"])
    except (KeyError, ValueError):
        return None
    return response.headers["Last-Modified"] if modified < sent else None

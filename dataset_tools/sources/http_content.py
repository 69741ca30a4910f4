"""Judges what a server sent: whether it is data at all, and what its file is called."""

from email.message import Message
from pathlib import Path
from urllib.parse import unquote, urlsplit

import requests

from dataset_tools.errors import InputError
from dataset_tools.sources.file_suffix import stored_name
from dataset_tools.sources.web_page import HEAD_BYTES, is_page, is_page_type, raw_link

_SUFFIX_OF_ENCODING = {"": "", "identity": "", "gzip": ".gz", "x-gzip": ".gz", "zstd": ".zst"}


def refuse_unless_announced_as_data(response: requests.Response, name: str) -> None:
    """Look at the headers, before the body is read.

    Raises InputError for a web page, and for a compression that no later stage reads.
    """
    if is_page_type(response.headers.get("Content-Type", "")):
        raise _web_page(name)
    encoding = _content_encoding(response)
    if encoding not in _SUFFIX_OF_ENCODING:
        raise InputError(
            f"{name}: sent compressed as {encoding!r} though none was asked for; "
            "download and unpack it by hand"
        )


def refuse_unless_data(head: bytes, name: str) -> None:
    """Look at how the content starts.

    Raises InputError for a web page that was announced as something else, and for an empty file.
    """
    if not head:
        raise InputError(f"{name}: the file is empty (0 bytes); check the link and the upload")
    if is_page(head):
        raise _web_page(name)


def head_of(path: Path) -> bytes:
    """Return as much of the file's beginning as it takes to judge it."""
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def file_name_for(response: requests.Response, head: bytes) -> str:
    """Name the file as the link, the server or the last redirect does, with a data suffix."""
    first_url = response.history[0].url if response.history else response.url
    disposition = Message()
    disposition["Content-Disposition"] = response.headers.get("Content-Disposition", "")
    paths = [
        unquote(urlsplit(first_url).path),
        disposition.get_filename() or "",
        unquote(urlsplit(response.url).path),
    ]
    file_name = stored_name(paths, head)
    # What was compressed on the way stays so on the disk, and must be called so.
    suffix = _SUFFIX_OF_ENCODING[_content_encoding(response)]
    return file_name if file_name.endswith(suffix) else file_name + suffix


def _web_page(name: str) -> InputError:
    link = raw_link(name)
    mend = f"the file itself is at {link}" if link else "give the link that downloads the file"
    return InputError(f"{name}: this is a web page (perhaps a login page), not data; {mend}")


def _content_encoding(response: requests.Response) -> str:
    return response.headers.get("Content-Encoding", "").strip().lower()

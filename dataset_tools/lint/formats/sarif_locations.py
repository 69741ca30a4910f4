"""Where files are, as SARIF writes it: URIs, relative to the folder the run was started in.

SARIF 2.1.0 section 3.4, RFC 3986 for the URIs. Code scanning services relate only relative URIs to
the files of a repository.
"""

import os
import re
from pathlib import Path
from urllib.parse import quote, quote_from_bytes

from dataset_tools.sources.location import STDIN_NAME, scheme_of

SOURCE_ROOT = "SRCROOT"

_RESERVED = "!$&'()*+,;=:@"  # what may stand in a URI's path besides letters, RFC 3986 section 3.3
_BARE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")


def uri_bases() -> dict[str, dict[str, str]]:
    """What the relative URIs are relative to: the folder the run was started in."""
    uri = Path.cwd().as_uri()
    return {SOURCE_ROOT: {"uri": uri if uri.endswith("/") else f"{uri}/"}}


def artifact_location(path: str) -> dict[str, str]:
    """A file below the current folder by its relative URI, any other by its absolute one."""
    if path == STDIN_NAME:
        return {"uri": quote(path)}
    if scheme_of(path):
        return {"uri": _escaped_url(path)}
    root, file = Path.cwd(), Path(path)
    # only `..` needs the file system, since it leaves the folder that a link leads to
    absolute = file.resolve() if ".." in file.parts else root / file
    if not absolute.is_relative_to(root):
        return {"uri": absolute.as_uri()}
    relative = os.fsencode(absolute.relative_to(root).as_posix())
    return {"uri": quote_from_bytes(relative), "uriBaseId": SOURCE_ROOT}


def _escaped_url(url: str) -> str:
    """The URL with what RFC 3986 does not allow percent-encoded, and its own escapes kept."""
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    path = _BARE_PERCENT.sub("%25", path)
    escaped_path = quote(path, safe=f"{_RESERVED}/#%", errors="surrogateescape")
    escaped_authority = quote(authority, safe=f"{_RESERVED}[]%", errors="surrogateescape")
    return f"{scheme}://{escaped_authority}{slash}{escaped_path}"

"""How a location is written: its scheme, and the name that is safe to show."""

import re

STDIN_NAME = "<stdin>"

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:]*)(:\d*)?")


def scheme_of(location: str) -> str:
    """Return the scheme in lower case, or an empty string for a local path."""
    match = _SCHEME.match(location)
    return match[1].lower() if match else ""


def display_name(location: str) -> str:
    """Return the location as messages show it: without credentials, query string or line breaks.

    An address that cannot be taken apart is left out whole, because a password may hide in it.
    """
    if location == "-":
        return STDIN_NAME
    scheme = scheme_of(location)
    if not scheme:
        return location
    # Outside the web a fragment is part of the name: hf:// keeps the split there.
    end_of_name = r"[?#\r\n]" if scheme in ("http", "https") else r"[?\r\n]"
    address = re.split(end_of_name, location[len(scheme) + len("://") :], maxsplit=1)[0]
    authority, slash, path = address.partition("/")
    host_and_port = authority.rpartition("@")[2]
    if not _HOST_AND_PORT.fullmatch(host_and_port):
        return f"{scheme}://(unreadable address)"
    return f"{scheme}://{host_and_port}{slash}{path}"

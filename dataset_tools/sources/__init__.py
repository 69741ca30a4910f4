"""Where data comes from: a location as the user wrote it becomes local, readable files.

A source is one module with `fetch(location) -> list[SourceFile]` and one line in the table below.
"""

from collections.abc import Callable, Sequence
from importlib import import_module

from dataset_tools.errors import InputError
from dataset_tools.sources.checksum import verify_sha256
from dataset_tools.sources.location import display_name, scheme_of
from dataset_tools.sources.source_file import SourceFile

__all__ = ["SourceFile", "display_name", "fetch"]

_MODULE_OF_SCHEME = {
    "": "local",
    "http": "http",
    "https": "http",
    "s3": "object_store",
    "gs": "object_store",
    "az": "object_store",
    "hf": "hub",
}


def fetch(
    location: str | Sequence[str], *, sha256: str | None = None, limit: int | None = None
) -> list[SourceFile]:
    """Make the data at a location, or at several, readable on this machine, in the order given.

    A glob gives its files in the order of their names. Of a split of a hub dataset only the first
    `limit` rows are read; what else there is comes whole. Raises InputError, one line that never
    shows credentials, if the data cannot be had, the scheme has no source, or the content does
    not match `sha256`.
    """
    locations = [location] if isinstance(location, str) else location
    files = [file for each in locations for file in _fetch_one(each, limit)]
    if sha256 is not None:
        verify_sha256(files, sha256)
    return files


def _fetch_one(location: str, limit: int | None) -> list[SourceFile]:
    scheme = scheme_of(location)
    if scheme not in _MODULE_OF_SCHEME:
        raise InputError(_no_source(location, scheme))
    fetch_from_source = _source(_MODULE_OF_SCHEME[scheme])
    return fetch_from_source(location, limit) if scheme == "hf" else fetch_from_source(location)


def _source(module: str) -> Callable[..., list[SourceFile]]:
    # Imported on first use: linting a local file must not pay for an HTTP client.
    fetch_from_source: Callable[..., list[SourceFile]] = import_module(f"{__name__}.{module}").fetch
    return fetch_from_source


def _no_source(location: str, scheme: str) -> str:
    name = display_name(location)
    if scheme == "file":
        return f"{name}: file:// is not supported; give the path itself"
    remote = ", ".join(f"{known}://" for known in _MODULE_OF_SCHEME if known)
    return f"{name}: {scheme}:// is not supported; give a path, a glob, - (stdin), {remote}"

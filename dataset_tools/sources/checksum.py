"""Checks a file against the SHA-256 that the user gave for it."""

import re

from dataset_tools.errors import InputError
from dataset_tools.sources.source_file import SourceFile


def verify_sha256(files: list[SourceFile], expected: str) -> None:
    """Compare the one fetched file with `expected`, in either letter case.

    Raises InputError if the digest differs, is not one, or stands for several files.
    """
    expected = expected.lower()
    if not re.fullmatch(r"[0-9a-f]{64}", expected):
        raise InputError(f"{expected!r} is not a SHA-256: expected 64 hexadecimal digits")
    if len(files) != 1:
        raise InputError(
            f"one SHA-256 is given for {len(files)} files ({files[0].name}, …); name a single file"
        )
    (file,) = files
    import hashlib

    with file.path.open("rb") as data:
        found = hashlib.file_digest(data, "sha256").hexdigest()
    if found != expected:
        raise InputError(
            f"{file.name}: SHA-256 is {found}, expected {expected}; "
            "the data has changed, or the expected value belongs to another file"
        )

"""What a file is by how its bytes begin, whatever its name says."""

import re
from typing import Literal

BinaryFormat = Literal["parquet", "zip", "ole"]

BINARY_FORMATS: dict[BinaryFormat, str] = {
    "parquet": "a Parquet file",
    "zip": "an XLSX workbook or another zip archive",
    "ole": "an old Excel workbook (.xls) or a password-protected one",
}
_MAGIC_BYTES: dict[bytes, BinaryFormat] = {
    b"PAR1": "parquet",
    b"PK\x03\x04": "zip",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "ole",
}
_WEB_PAGE = re.compile(rb"\s*<(?:!doctype\s+html|html|head|\?xml)", re.IGNORECASE)
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"


def binary_format(head: bytes) -> BinaryFormat | None:
    """The binary format of a file that starts so; None where it may be text."""
    for magic, kind in _MAGIC_BYTES.items():
        if head.startswith(magic):
            return kind
    return None


def stand_in_for_data(head: bytes) -> str | None:
    """What came in place of data, and how to get the data itself; None where it is no such thing.

    `head` is without byte order mark.
    """
    if head.startswith(_LFS_POINTER):
        return "a Git LFS pointer; fetch the data with git lfs pull"
    if _WEB_PAGE.match(head):
        return "a web page; download the data itself (the raw file) instead"
    return None

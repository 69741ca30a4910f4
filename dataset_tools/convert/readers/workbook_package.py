"""What lies in the zip archive of a workbook, judged before any of it is unpacked to memory."""

import re
import zipfile
from typing import BinaryIO, NamedTuple

from dataset_tools.errors import InputError
from dataset_tools.file_content import binary_format

_CHUNK = 1024 * 1024
_OLD_WORKBOOK_SAVE = "save it as .xlsx (Excel workbook) or CSV"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_LONGEST_MARK = 64
# XML of a million rows packs 20 to 100 times smaller; what unpacks to far more is made to.
_BOMB_RATIO = 300
_BOMB_BYTES = 64 * _CHUNK
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_ERROR = re.compile(rb"\st=[\"']e[\"']")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^<>]*?ref=[\"']([A-Z0-9:]+)[\"']")


def refuse_unless_workbook(stream: BinaryIO, name: str) -> None:
    """Raise InputError for what openpyxl cannot read or should not: it says what and the remedy."""
    stream.seek(0)
    if binary_format(stream.read(8)) == "ole":
        raise InputError(f"{name}: {_old_or_locked(stream)}")
    try:
        with zipfile.ZipFile(stream) as package:
            _refuse_unless_plain(package, name)
    except zipfile.BadZipFile as error:
        raise InputError(
            f"{name}: not an XLSX workbook, or cut short ({error}); fetch it again"
        ) from error


def _refuse_unless_plain(package: zipfile.ZipFile, name: str) -> None:
    parts = {part.filename.lower(): part for part in package.infolist()}
    if any(part.endswith("vbaproject.bin") for part in parts):
        raise InputError(
            f"{name}: a workbook with macros, which is not opened; "
            "save it as .xlsx (without macros) or CSV"
        )
    if "xl/workbook.bin" in parts:
        raise InputError(f"{name}: a binary workbook (.xlsb); {_OLD_WORKBOOK_SAVE}")
    if "content.xml" in parts:
        raise InputError(f"{name}: an OpenDocument file; {_OLD_WORKBOOK_SAVE}")
    if "[content_types].xml" not in parts:
        raise InputError(f"{name}: a zip archive that is no workbook; unpack it and give the data")
    for part in parts.values():
        if part.file_size > max(_BOMB_BYTES, _BOMB_RATIO * part.compress_size):
            raise InputError(
                f"{name}: {part.filename} in the workbook unpacks from {part.compress_size:,} to "
                f"{part.file_size:,} bytes, as no table does; it is not opened"
            )


def _old_or_locked(stream: BinaryIO) -> str:
    stream.seek(0)
    tail = b""
    while chunk := stream.read(_CHUNK):
        if _ENCRYPTED in tail + chunk:
            return (
                "the workbook is protected by a password; open it, take the password off "
                "(File, Info, Protect Workbook) and save it"
            )
        tail = chunk[-len(_ENCRYPTED) :]
    return f"an old workbook (.xls); {_OLD_WORKBOOK_SAVE}"


class SheetContent(NamedTuple):
    """Whether a sheet holds cells that need a closer look than their values, and merged ones."""

    has_formulas: bool
    has_errors: bool
    merged: tuple[str, ...]  # as `A2:A3`


def sheet_content(stream: BinaryIO, part: str) -> SheetContent:
    """Search the XML of a sheet, named by its path in the archive."""
    has_formulas = has_errors = False
    merged: dict[str, None] = {}  # in their order, each once
    with zipfile.ZipFile(stream) as package, package.open(part.lstrip("/")) as xml:
        tail = b""
        while chunk := xml.read(_CHUNK):
            window = tail + chunk
            has_formulas = has_formulas or _FORMULA.search(window) is not None
            has_errors = has_errors or _ERROR.search(window) is not None
            merged.update((each.decode(), None) for each in _MERGED.findall(window))
            tail = window[-_LONGEST_MARK:]
    return SheetContent(has_formulas, has_errors, tuple(merged))

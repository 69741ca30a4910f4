"""Tells the format of a file: by its name, its content, and by content where they disagree.

JSON and JSON Lines are often named for one another, and their content settles it. Any other
contradiction is an error, for it is more often a wrong file than a wrong name.
"""

import json
from collections.abc import Mapping
from io import StringIO
from pathlib import PurePath

from dataset_tools.convert.readers.delimiter import likely_delimiter, named_delimiter
from dataset_tools.errors import InputError
from dataset_tools.file_content import (
    BINARY_FORMATS,
    BinaryFormat,
    binary_format,
    stand_in_for_data,
)
from dataset_tools.json_scanner import scan_line
from dataset_tools.lines import UTF8_BOM, open_plain
from dataset_tools.sources import SourceFile
from dataset_tools.unicode_encodings import other_than_utf8

# A source that cannot tell what it fetched stores it under this name.
_STORED_BY_DEFAULT = "jsonl"
_HEAD_BYTES = 64 * 1024
_PACKED = (".gz", ".zst")
_JSON_FORMATS = {"json": "one JSON document", "jsonl": "JSON Lines"}
_FORMAT_OF_BINARY: dict[BinaryFormat, str] = {"parquet": "parquet", "zip": "xlsx", "ole": "xlsx"}
_OLD_WORKBOOKS = (".xls", ".xlsm", ".xlsb", ".ods")


def detected_format(
    source: SourceFile, wanted: str | None, formats_of_suffixes: Mapping[str, str]
) -> tuple[str, tuple[str, ...]]:
    """The format to read a file as, and a note where its name says another.

    Raises InputError where nothing tells, name and content contradict one another, or what came
    is no data at all.
    """
    if source.path.is_dir():
        if wanted not in (None, "dataset"):
            raise InputError(f"{source.name}: a folder; expected a {wanted} file")
        return "dataset", ()
    if wanted == "dataset":
        raise InputError(f"{source.name}: a file; --from dataset expects a folder")
    stored = _format_of_name(str(source.path), formats_of_suffixes)
    named = wanted or _format_of_name(source.name, formats_of_suffixes)
    if named is None and stored != _STORED_BY_DEFAULT:
        named = stored  # a link need not show what the download does
    head = _head(source)
    binary = binary_format(head)
    if binary is not None:
        format_of_binary = _FORMAT_OF_BINARY[binary]
        if named in (None, format_of_binary):
            return format_of_binary, ()
        raise InputError(
            f"{source.name}: the file is {BINARY_FORMATS[binary]}, but "
            f"{'--from' if wanted else 'its name'} says {named}; give the right file, or --from "
            f"{format_of_binary}"
        )
    if wanted is not None:
        return wanted, ()
    stand_in = stand_in_for_data(head)
    if stand_in is not None:
        raise InputError(f"{source.name}: the file is {stand_in}")
    if named in _JSON_FORMATS:
        found = _json_format(head)
        if found is None or found == named:
            return named, ()
        return found, (f"read as {_JSON_FORMATS[found]}, though its name says {named}",)
    if named is not None:
        return named, ()
    found = _text_format(head, stored)
    if found is None:
        raise InputError(
            f"{source.name}: neither name nor content tells the format; name it with --from "
            f"({', '.join(dict.fromkeys(formats_of_suffixes.values()))})"
        )
    return found, () if found == stored else (f"read as {found} (detected)",)


def _format_of_name(name: str, formats: Mapping[str, str]) -> str | None:
    path = PurePath(name.lower())
    suffix = PurePath(path.stem).suffix if path.suffix in _PACKED else path.suffix
    return formats[".xlsx"] if suffix in _OLD_WORKBOOKS else formats.get(suffix)


def _head(source: SourceFile) -> bytes:
    """The file's first bytes, unpacked, as UTF-8."""
    with open_plain(source.path, source.name) as stream:
        head = stream.read(_HEAD_BYTES)
    encoding = other_than_utf8(head)
    if encoding is not None:
        return head.decode(encoding, "ignore").encode()
    return head.removeprefix(UTF8_BOM)


def _text_format(head: bytes, stored: str | None) -> str | None:
    """What a text looks like, or is stored as if that fits, too; None where it may be anything."""
    text = head.decode(errors="replace").lstrip()
    if text.startswith(("[", "{")):
        return _json_format(head) or stored or "json"
    if not text:
        return stored
    if named_delimiter(head) is not None:
        return "csv"
    lines = StringIO(text).readlines()
    if len(head) == _HEAD_BYTES:
        lines.pop()  # cut off
    delimiter = likely_delimiter(lines, ",", '"')
    if len(lines) > 1 and delimiter in lines[0]:
        return "tsv" if delimiter == "\t" else "csv"
    return None


def _json_format(head: bytes) -> str | None:
    """Whether it is one JSON document or one a line; None where it may be either, or neither."""
    text = head.decode(errors="replace").lstrip()
    if not text.startswith(("[", "{")):
        return None
    first_line, _, rest = text.partition("\n")
    if _is_json(first_line):
        return "jsonl" if rest.strip() else "json" if text.startswith("[") else None
    if text.startswith("["):
        return "json"
    scan = scan_line(text)
    stopped = scan.syntax_error or scan.unreadable
    read = text if stopped is None else text[: stopped.at]
    # a malformed first line may read on into the second by chance, a document into the third
    return "json" if stopped is None or read.rstrip().count("\n") > 1 else None


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True

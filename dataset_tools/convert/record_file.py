"""Files of records: JSON Lines, packed where the file's name says so."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

import msgspec

from dataset_tools.lines import UTF8_BOM
from dataset_tools.output_files import replacing
from dataset_tools.records import Record

_AT_ONCE = 1000  # lines handed to the stream together


@contextmanager
def record_file(path: Path) -> Iterator[IO[bytes]]:
    """A stream for records that becomes the file when the block ends without an error.

    Packed by gzip or zstandard where the name ends in .gz or .zst. Raises InputError where the
    file cannot be written.
    """
    with replacing(path) as stream:
        pack = _PACKERS.get(path.suffix.lower())
        if pack is None:
            yield stream
            return
        with pack(stream) as packed:
            yield packed


def write_records(records: Iterable[Record], stream: IO[bytes], *, bom: bool = False) -> None:
    """Write records as JSON Lines, with a byte order mark in front where asked for."""
    encode = msgspec.json.Encoder().encode
    if bom:
        stream.write(UTF8_BOM)
    lines: list[bytes] = []
    for record in records:
        lines.append(encode(record.as_json_object()))
        if len(lines) == _AT_ONCE:
            lines.append(b"")
            stream.write(b"\n".join(lines))
            lines.clear()
    lines.append(b"")
    stream.write(b"\n".join(lines))


def _gzip(stream: BinaryIO) -> Any:
    import gzip

    # no name and no time inside: the same records make the same file
    return gzip.GzipFile(fileobj=stream, filename="", mode="wb", mtime=0)


def _zstd(stream: BinaryIO) -> Any:
    import zstandard

    return zstandard.ZstdCompressor().stream_writer(stream, closefd=False)


_PACKERS: dict[str, Callable[[BinaryIO], Any]] = {".gz": _gzip, ".zst": _zstd}

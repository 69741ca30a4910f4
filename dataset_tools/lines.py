r"""Lines: bytes of a data file as numbered lines, read in batches of bounded size.

Only `\n` ends a line, as in JSON Lines; a `\r` before it, U+2028 or U+0085 do not. Compressed
files are recognised by their first bytes and unpacked to a temporary file, so that every later
stage can seek.
"""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import IO, BinaryIO

from msgspec import Struct

from dataset_tools.byte_scan import ByteScan
from dataset_tools.errors import UnreadableDataError
from dataset_tools.temporary_files import temporary_file

# large enough that work for each batch costs little, small enough for the processor's cache
BATCH_BYTES = 1024 * 1024
_READING_FAILS = (errno.ENOENT, errno.EACCES, errno.EIO, errno.ESTALE)
UTF8_BOM = b"\xef\xbb\xbf"


class LineBatch(Struct, frozen=True, dict=True):
    """Consecutive lines in one block, their endings still on them."""

    first_number: int  # 1-based
    block: bytes

    @cached_property
    def lines(self) -> list[bytes]:
        """The lines one by one; most batches are judged without that."""
        return BytesIO(self.block).readlines()

    @cached_property
    def byte_scan(self) -> ByteScan:
        """A look at the raw bytes."""
        return ByteScan(self.block)

    def parts(self, most_lines: int) -> "Iterator[LineBatch]":
        """The same lines in batches of at most so many; the batch itself where one is enough."""
        if len(self.lines) <= most_lines:
            yield self
            return
        for first in range(0, len(self.lines), most_lines):
            block = b"".join(self.lines[first : first + most_lines])
            yield LineBatch(self.first_number + first, block)


def read_batches(stream: BinaryIO, batch_bytes: int = BATCH_BYTES) -> Iterator[LineBatch]:
    """The stream's lines in batches of about `batch_bytes`, from its start on."""
    skip_byte_order_mark(stream)
    number = 1
    while block := stream.read(batch_bytes):
        batch = LineBatch(number, block + stream.readline())
        yield batch
        number += len(batch.lines)


def skip_byte_order_mark(stream: BinaryIO) -> None:
    """Go to the first byte of the text."""
    stream.seek(0)
    if stream.read(len(UTF8_BOM)) != UTF8_BOM:
        stream.seek(0)


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Around the reading of a file: raises UnreadableDataError where it is gone or broken."""
    try:
        yield
    except OSError as error:
        if error.errno not in _READING_FAILS:
            raise
        raise UnreadableDataError(f"{name}: cannot be read: {error.strerror}") from error


@contextmanager
def open_plain(path: Path, name: str) -> Iterator[BinaryIO]:
    """The file's uncompressed bytes, seekable.

    Raises UnreadableDataError where the file cannot be read, or a compressed one is damaged or cut
    short.
    """
    try:
        stream = path.open("rb")
        head = stream.read(MAGIC_LENGTH)
        stream.seek(0)
    except OSError as error:
        raise UnreadableDataError(f"{name}: cannot be read: {error.strerror or error}") from error
    with stream:
        for magic, unpack in _DECOMPRESSORS.items():
            if head.startswith(magic):
                with temporary_file() as plain:
                    unpack(stream, plain, name)
                    plain.seek(0)
                    yield plain
                return
        yield stream


def is_packed(path: Path) -> bool:
    """Whether the file is one that `open_plain` unpacks; raises OSError as `open` does."""
    with path.open("rb") as stream:
        return stream.read(MAGIC_LENGTH).startswith(tuple(_DECOMPRESSORS))


def _unpack_gzip(packed: BinaryIO, plain: IO[bytes], name: str) -> None:
    import gzip
    import shutil
    import zlib

    try:
        with gzip.GzipFile(fileobj=packed) as unpacked:
            shutil.copyfileobj(unpacked, plain)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _damaged(name, "gzip", str(error)) from error


def _unpack_zstd(packed: BinaryIO, plain: IO[bytes], name: str) -> None:
    import zstandard

    # decompressobj rather than stream_reader: only it tells a frame that ends early from one
    # that ends
    frame = None
    try:
        while chunk := packed.read(BATCH_BYTES):
            while chunk:
                frame = frame or zstandard.ZstdDecompressor().decompressobj()
                plain.write(frame.decompress(chunk))
                chunk = frame.unused_data if frame.eof else b""
                frame = None if frame.eof else frame
    except zstandard.ZstdError as error:
        raise _damaged(name, "zstd", str(error)) from error
    if frame is not None:
        raise _damaged(name, "zstd", "the last frame has no end")


def _damaged(name: str, compression: str, reason: str) -> UnreadableDataError:
    return UnreadableDataError(
        f"{name}: the {compression} data is damaged or cut short ({reason}); fetch the file again"
    )


_DECOMPRESSORS: dict[bytes, Callable[[BinaryIO, IO[bytes], str], None]] = {
    b"\x1f\x8b": _unpack_gzip,
    b"\x28\xb5\x2f\xfd": _unpack_zstd,
}
MAGIC_LENGTH = max(map(len, _DECOMPRESSORS))

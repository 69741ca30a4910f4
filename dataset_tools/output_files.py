"""Output files: written beside their place and renamed, so that a failed run leaves what it had."""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from dataset_tools.errors import InputError

_NEW_FILE_MODE = 0o666  # less the umask, as open() gives it


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A stream whose bytes become the file when the block ends without an error.

    A link stays and its target is replaced; the mode of a file that was there is kept. What is no
    regular file (a device, a pipe, /dev/stdout) is written to as the bytes come. Raises InputError
    where the folder is missing or cannot be written, and where there is no space left.
    """
    try:
        old_mode = path.stat().st_mode
    except FileNotFoundError:
        old_mode = None
    except OSError as error:
        raise _cannot_be_written(path, error) from error
    if old_mode is not None and not stat.S_ISREG(old_mode):
        with _opened(path) as stream:
            yield stream
        return
    target = path.resolve()
    try:
        file = tempfile.NamedTemporaryFile(  # noqa: SIM115 - closed and renamed below
            dir=target.parent, prefix=f".{target.name}.", suffix=".part", delete=False
        )
    except OSError as error:
        raise _cannot_be_written(path, error) from error
    temporary = Path(file.name)
    try:
        with file:
            named = _Named(file, path)
            yield cast(BinaryIO, named)
            named.flush()
            os.fsync(file.fileno())
        temporary.chmod(_mode_of_a_new_file() if old_mode is None else stat.S_IMODE(old_mode))
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


class _Named:
    """A file whose failures, a full disk above all, are told with the output's name."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file = file
        self._path = path

    def write(self, content: bytes) -> int:
        try:
            return self._file.write(content)
        except OSError as error:
            raise _cannot_be_written(self._path, error) from error

    def flush(self) -> None:
        try:
            self._file.flush()
        except OSError as error:
            raise _cannot_be_written(self._path, error) from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("wb")
    except OSError as error:
        raise _cannot_be_written(path, error) from error


def _cannot_be_written(path: Path, error: OSError) -> InputError:
    return InputError(f"{path}: cannot be written: {error.strerror or error}")


def _mode_of_a_new_file() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return _NEW_FILE_MODE & ~umask

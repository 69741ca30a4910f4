"""Output files: written beside their place and renamed, so that a failed run leaves what it had."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from dataset_tools.errors import InputError

_NEW_FILE_MODE = 0o666  # less the umask, as open() gives it
_FREE_SPACE = "free some space or name another output"
_OTHER_FOLDER = "name an output in a folder that you may write to"
_REMEDIES = {
    errno.ENOSPC: _FREE_SPACE,
    errno.EDQUOT: _FREE_SPACE,
    errno.EFBIG: "raise the limit on file sizes (ulimit -f) or name another output",
    errno.EACCES: _OTHER_FOLDER,
    errno.EPERM: _OTHER_FOLDER,
    errno.EROFS: _OTHER_FOLDER,
    errno.ENOENT: "make its folder first",
}


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A stream whose bytes become the file when the block ends without an error.

    A link stays and its target is replaced; the mode of a file that was there is kept, and so are
    its owner and group where that is permitted. What is no regular file (a device, a pipe,
    /dev/stdout) is written to as the bytes come. Raises InputError where the folder is missing or
    cannot be written, and where there is no space left.
    """
    try:
        old = path.stat()
    except FileNotFoundError:
        old = None
    except OSError as error:
        raise cannot_be_written(path, error) from error
    if old is not None and not stat.S_ISREG(old.st_mode):
        with _opened(path) as stream:
            yield stream
        return
    import tempfile

    target = path.resolve()
    try:
        file = tempfile.NamedTemporaryFile(  # noqa: SIM115 - closed and renamed below
            dir=target.parent, prefix=f".{target.name}.", suffix=".part", delete=False
        )
    except OSError as error:
        raise cannot_be_written(path, error) from error
    temporary = Path(file.name)
    try:
        with file:
            named = _Named(file, path)
            yield cast(BinaryIO, named)
            named.flush()
            os.fsync(file.fileno())
        if old is None:
            temporary.chmod(_mode_of_a_new_file())
        else:
            _take_over(temporary, old)
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
            raise cannot_be_written(self._path, error) from error

    def flush(self) -> None:
        try:
            self._file.flush()
        except OSError as error:
            raise cannot_be_written(self._path, error) from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("wb")
    except OSError as error:
        raise cannot_be_written(path, error) from error


def cannot_be_written(name: object, error: OSError) -> InputError:
    """What is said of an output that cannot be written, and how that can be mended."""
    remedy = _REMEDIES.get(error.errno or 0, "name another output")
    return InputError(f"{name}: cannot be written: {error.strerror or error}; {remedy}")


def _take_over(temporary: Path, old: os.stat_result) -> None:
    """Give a file the owner, group and mode of the one that it replaces."""
    with suppress(PermissionError):
        os.chown(temporary, -1, old.st_gid)
    with suppress(PermissionError):
        os.chown(temporary, old.st_uid, -1)
    temporary.chmod(stat.S_IMODE(old.st_mode))  # last, since chown takes bits away


def _mode_of_a_new_file() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return _NEW_FILE_MODE & ~umask

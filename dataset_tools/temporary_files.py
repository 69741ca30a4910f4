"""Temporary files: what does not fit there is told with the folder's name, and how to mend it."""

import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dataset_tools.errors import InputError

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # the last: beyond what `ulimit -f` permits


@contextmanager
def naming_their_folder() -> Iterator[None]:
    """Around what writes to temporary files: raises InputError where there is no room for them."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        import tempfile

        raise InputError(
            f"cannot write temporary files in {tempfile.gettempdir()}: {error.strerror}; "
            "make room there, or name another folder in TMPDIR"
        ) from error


class _Nameless(io.FileIO):
    """The file below a buffer, which writes when it likes: also when one seeks or closes it."""

    def write(self, content: Any) -> int:
        with naming_their_folder():
            return super().write(content)


def temporary_file() -> io.BufferedRandom:
    """A file without a name, which ends when it is closed; raises InputError as above."""
    import tempfile

    with tempfile.TemporaryFile(buffering=0) as file:
        return io.BufferedRandom(_Nameless(os.dup(file.fileno()), "r+b"))

"""The state of a file that is read more than once: whether it stays as it was."""

import os
from typing import BinaryIO

from dataset_tools.errors import UnreadableDataError


class FileState:
    """Size and time of change of an open file when it was first looked at."""

    def __init__(self, name: str, stream: BinaryIO) -> None:
        self.name = name
        self.stream = stream
        self.before = os.fstat(stream.fileno())

    @property
    def size(self) -> int:
        """The file's bytes, then."""
        return self.before.st_size

    def check_is_unchanged(self, verb: str) -> None:
        """Raise UnreadableDataError if the file has changed; `verb` is what to do again."""
        before, now = self.before, os.fstat(self.stream.fileno())
        if (before.st_size, before.st_mtime_ns) != (now.st_size, now.st_mtime_ns):
            raise UnreadableDataError(
                f"{self.name}: changed while it was read ({before.st_size} bytes at first, "
                f"{now.st_size} in the end); {verb} it again when it is complete"
            )

"""A column of numbers, one for each record, that leaves memory when it grows long."""

from array import array
from typing import IO, TYPE_CHECKING, Any

from dataset_tools.temporary_files import temporary_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

HELD_BYTES = 2 * 1024 * 1024


class NumberColumn:
    """Numbers of one type in file order; most lie in a temporary file once there are many."""

    def __init__(self, typecode: str) -> None:
        self.held = array(typecode)
        self.spilled: IO[bytes] | None = None

    def append(self, numbers: bytes) -> None:
        """Add the numbers of the records that follow, as they lie in memory."""
        self.held.frombytes(numbers)

    def merge(self, later: "NumberColumn") -> None:
        """Add the numbers of the piece that follows."""
        self.held.extend(later.held)
        if len(self.held) * self.held.itemsize > HELD_BYTES:
            # open until the numbers are taken; the file has no name and ends with the process
            self.spilled = self.spilled or temporary_file()
            self.held.tofile(self.spilled)
            self.held = array(self.held.typecode)

    def take(self) -> "NDArray[Any]":
        """All numbers, in memory; the column is empty then."""
        import numpy as np

        data = self.held.tobytes()
        self.held = array(self.held.typecode)
        if self.spilled is not None:
            with self.spilled as file:
                file.seek(0)
                data = file.read() + data
            self.spilled = None
        return np.frombuffer(data, self.held.typecode)

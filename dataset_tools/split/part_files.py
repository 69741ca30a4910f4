"""The part files: lines copied byte for byte, in their order, and renamed once all are complete."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from dataset_tools.errors import InputError
from dataset_tools.lines import UTF8_BOM, read_batches
from dataset_tools.output_files import replacing
from dataset_tools.split.choice import TEST, TRAIN, VALIDATION, Groups
from dataset_tools.split.grouping import CLASS_BITS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class PartLookup:
    """Tells which part records are in, by their keys; holds nothing but the smaller parts' keys."""

    def __init__(self, groups: Groups) -> None:
        self.chosen = {part: groups.chosen(part) for part in (VALIDATION, TEST)}

    def parts_of(self, keys: "NDArray[np.uint64]") -> "NDArray[np.uint8]":
        """The part of each record."""
        import numpy as np

        parts = np.full(len(keys), TRAIN, np.uint8)
        hashes = keys >> CLASS_BITS
        for part, chosen in self.chosen.items():
            if len(chosen):
                places = np.searchsorted(chosen, hashes)
                places[places == len(chosen)] = 0
                parts[chosen[places] == hashes] = part
        return parts


def write_parts(
    stream: BinaryIO,
    keys: "NDArray[np.uint64]",
    lookup: PartLookup,
    paths: Mapping[int, Path],
    advance: Callable[[int], None],
    check: Callable[[], None],
) -> None:
    """Copy each line that is not blank to the file of its part; all files are written or none.

    A byte order mark at the start of the file stands at the start of every part, for a service
    that asks for one asks for it in each file. A last line that is not ended gets the line ending
    of the first. `check` is called before the files appear. Raises InputError where one cannot be
    written, and what `check` raises.
    """
    stream.seek(0)
    byte_order_mark = UTF8_BOM if stream.read(len(UTF8_BOM)) == UTF8_BOM else b""
    first = 0
    with _all_replaced(paths) as outputs:
        for output in outputs.values():
            output.write(byte_order_mark)
        for batch in read_batches(stream):
            lines = [line for line in batch.lines if not line.isspace()]
            if lines and not lines[-1].endswith(b"\n"):
                lines[-1] += _line_ending(stream)
            parts = lookup.parts_of(keys[first : first + len(lines)])
            for part, output in outputs.items():
                output.write(b"".join(compress(lines, parts == part)))
            first += len(lines)
            advance(len(batch.block))
        check()


def _line_ending(stream: BinaryIO) -> bytes:
    """The ending of the first line; leaves the stream at its end, where the last line was read."""
    stream.seek(0)
    ending = b"\r\n" if stream.readline().endswith(b"\r\n") else b"\n"
    stream.seek(0, os.SEEK_END)
    return ending


@contextmanager
def _all_replaced(paths: Mapping[int, Path]) -> Iterator[dict[int, BinaryIO]]:
    """A file for each path; they appear together, at the end of a block without an error."""
    failure: InputError | None = None
    try:
        with ExitStack() as stack:
            outputs = {part: stack.enter_context(replacing(path)) for part, path in paths.items()}
            try:
                yield outputs
                for output in outputs.values():  # so that nothing but renaming is left
                    output.flush()
                    os.fsync(output.fileno())
            except InputError as error:
                failure = error
                raise
    except OSError:
        # closing a file that has no room for what it still holds fails again, without its name
        if failure is None:
            raise
        raise failure from None

"""Output files of commands: none is written over without a word."""

from collections.abc import Iterable
from pathlib import Path

from dataset_tools.errors import InputError

STANDARD_OUTPUT = "-"


def check_output(path: Path, inputs: Iterable[Path], *, force: bool) -> None:
    """Refuse an output that is an input, or that is there already and may not be replaced.

    What is no regular file, such as a device or a pipe, is written to in any case. Raises
    InputError.
    """
    if not path.exists():
        return
    if any(each.exists() and path.samefile(each) for each in inputs):
        raise InputError(f"{path}: is an input of this run; name another output")
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file in it")
    if path.is_file() and not force:
        raise InputError(f"{path}: is there already; --force replaces it")

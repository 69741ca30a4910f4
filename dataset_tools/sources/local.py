"""Files of this machine: a path, a glob, standard input, a pipe."""

import atexit
import glob
import stat
import sys
from functools import cache
from pathlib import Path
from typing import IO, TextIO

from dataset_tools.errors import InputError
from dataset_tools.home_folder import with_home
from dataset_tools.sources.file_suffix import suffix_for
from dataset_tools.sources.location import display_name
from dataset_tools.sources.source_file import SourceFile
from dataset_tools.temporary_files import naming_their_folder

_SUGGESTIONS = 3
_HEAD_BYTES = 4096
_STANDARD_INPUT = ("-", "/dev/stdin")


def fetch(location: str) -> list[SourceFile]:
    """Find the file or the files that `location` means.

    Raises InputError if there is none, or one that cannot be read. Empty files are handed on: to
    judge them is lint's business.
    """
    if location in _STANDARD_INPUT:
        return [SourceFile(display_name(location), _spooled_standard_input())]
    if not location:
        raise InputError("the data's path is empty; give a file, a glob, a URL or - (stdin)")
    path = with_home(location)
    # A file may carry brackets in its name, so the name as it stands comes first.
    if glob.has_magic(location) and not _exists(path):
        return [_readable(name, Path(name)) for name in _matches(location, path)]
    return [_readable(location, path)]


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        # Something is there that may not be looked at; opening it will say why.
        return True


def _matches(pattern: str, path: Path) -> list[str]:
    found = glob.glob(str(path), recursive=True)  # noqa: PTH207 - keeps the spelling the user gave
    names = sorted(name for name in found if not Path(name).is_dir())
    if not names:
        raise InputError(f"no file matches {pattern!r}{_offer(_data_files(path.parent))}")
    return names


def _readable(name: str, path: Path) -> SourceFile:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise InputError(
                f"{name!r} is a folder; give a file, or a glob such as "
                f"{str(Path(name, '*.jsonl'))!r}{_offer(_data_files(path))}"
            )
        # What /dev/stdin means differs from process to process, so not even a regular file
        # behind it can be handed to a worker.
        if not stat.S_ISREG(mode) or path.parts[:2] == ("/", "dev"):
            with path.open("rb") as stream:
                return SourceFile(name, _spool(stream))
        with path.open("rb"):
            return SourceFile(name, path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(f"no such file: {name!r}{_did_you_mean(path)}") from error
    except PermissionError as error:
        raise InputError(f"no permission to read {name!r}; chmod or chown mends that") from error
    except (OSError, ValueError) as error:
        # ValueError: a NUL character in the path.
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"cannot read {name!r}: {reason}") from error


def _did_you_mean(path: Path) -> str:
    try:
        siblings = [sibling.name for sibling in path.parent.iterdir() if sibling.is_file()]
    except (FileNotFoundError, NotADirectoryError):
        return f" (nor a folder {str(path.parent)!r})"
    except OSError:
        return ""
    import difflib

    similar = difflib.get_close_matches(path.name, siblings, n=1)
    return f"; did you mean {str(path.with_name(similar[0]))!r}?" if similar else ""


def _data_files(folder: Path) -> list[str]:
    # os.scandir fails on a folder that may not be listed, Path.glob keeps silent about it: a
    # suggestion is no place to fail.
    return [str(file) for file in sorted(folder.glob("*.jsonl*"))[:_SUGGESTIONS]]


def _offer(files: list[str]) -> str:
    return f"; there is {', '.join(map(repr, files))}" if files else ""


def _spooled_standard_input() -> Path:
    if sys.stdin is None or sys.stdin.closed:
        raise InputError("<stdin>: standard input is closed; give a file or pipe the data in")
    try:
        return _spooled_once(sys.stdin)
    except OSError as error:
        raise InputError(f"<stdin>: cannot be stored for reading: {error.strerror}") from error


@cache
def _spooled_once(stream: TextIO) -> Path:
    """The copy of a stream that can be read only once, however often it is named."""
    return _spool(stream.buffer)


def _spool(stream: IO[bytes]) -> Path:
    """Copy `stream` to a temporary file that lives as long as this process."""
    import shutil
    import tempfile

    head = stream.read(_HEAD_BYTES)
    with (
        naming_their_folder(),
        tempfile.NamedTemporaryFile(
            prefix="dataset-tools-", suffix=suffix_for(head), delete=False
        ) as spool,
    ):
        path = Path(spool.name)
        atexit.register(path.unlink, missing_ok=True)
        spool.write(head)
        shutil.copyfileobj(stream, spool)
    return path

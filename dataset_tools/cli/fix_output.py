"""Where `dataset-tools fix` writes: a new file, the input itself, or standard output."""

import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import click

from dataset_tools.cli.outputs import STANDARD_OUTPUT, check_is_local, check_output
from dataset_tools.errors import InputError
from dataset_tools.fix import Fixed, unified_diff
from dataset_tools.lines import is_packed
from dataset_tools.output_files import cannot_be_written, replacing
from dataset_tools.printable import printable
from dataset_tools.sources import SourceFile

STDOUT_NAME = "<stdout>"
_ANY_WRITE = 0o222  # of owner, group and others
_PACKED_SUFFIXES = (".gz", ".zst")
_COLORS = {b"-": "red", b"+": "green", b"@": "cyan"}


@dataclass(frozen=True, slots=True)
class Output:
    """A place to write to; without a path it is standard output."""

    name: str
    path: Path | None


def chosen_output(
    source: SourceFile,
    output: str | None,
    other_inputs: Iterable[Path | None],
    *,
    in_place: bool,
    diff: bool,
    force: bool,
) -> Output | None:
    """Where the result goes, None where only the diff is shown.

    Raises InputError where nothing says what to do, and where writing would cost something that
    was not offered: an input, another file.
    """
    if in_place:
        if output is not None:
            raise InputError("-o and --in-place: give one of them")
        return _in_place(source)
    if output is None:
        if not diff:
            raise InputError("nothing says where to write; give -o OUT, --in-place or --diff")
        return None
    if output == STANDARD_OUTPUT:
        if diff:
            raise InputError("-o - and --diff: both go to standard output; give -o a file")
        return Output(STDOUT_NAME, None)
    if not output:
        raise InputError("-o: the name is empty; give a file, or - for standard output")
    path = Path(output)
    check_is_local(path)
    _check_name(path)
    check_output(path, [source.path, *filter(None, other_inputs)], force=force)
    return Output(output, path)


def _in_place(source: SourceFile) -> Output:
    if source.name != str(source.path) or not source.path.is_file():
        raise InputError(f"{source.name}: is no file that --in-place could write over; give -o OUT")
    if is_packed(source.path):
        raise InputError(f"{source.name}: is packed, --in-place would unpack it; give -o OUT")
    state = source.path.stat()
    if state.st_nlink > 1:
        raise InputError(
            f"{source.name}: has {state.st_nlink} hard links, of which --in-place would part this "
            "one from the others; give -o OUT"
        )
    # root may write to any file, but one that nobody may write to is protected on purpose
    if not state.st_mode & _ANY_WRITE or not os.access(source.path, os.W_OK):
        raise InputError(
            f"{source.name}: no permission to write over it; give -o OUT, or chmod u+w it"
        )
    return Output(source.name, source.path)


def _check_name(path: Path) -> None:
    if path.name.endswith(_PACKED_SUFFIXES):
        raise InputError(
            f"{path}: is the name of a packed file, but what is written is plain; "
            f"give -o {path.with_suffix('')}, or -o - and pack that"
        )
    if not path.parent.is_dir():
        raise InputError(f"{path}: there is no folder {str(path.parent)!r}")


def _standard_output() -> BinaryIO:
    if sys.stdout is None:
        raise InputError("standard output is closed; give -o OUT")
    return sys.stdout.buffer


def copy_to(output: Output, stream: BinaryIO) -> None:
    """Write the bytes; raises InputError naming the file where they don't fit."""
    stream.seek(0)
    if output.path is None:
        standard_output = _standard_output()
        shutil.copyfileobj(stream, standard_output)
        standard_output.flush()
        return
    try:
        with replacing(output.path) as target:
            shutil.copyfileobj(stream, target)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise cannot_be_written(output.name, error) from error


def show_diff(
    result: Fixed, source: SourceFile, output: Output | None, *, is_colored: bool
) -> None:
    """The change on standard output; on a terminal, control characters are spelt out."""
    names = (printable(source.name), printable(output.name if output else source.name))
    standard_output = _standard_output()
    for line in unified_diff(result.before, result.after, result.dropped, names):
        if standard_output.isatty():
            text = printable(line.removesuffix(b"\n").decode(errors="backslashreplace"))
            color = _COLORS.get(line[:1]) if is_colored else None
            click.echo(click.style(text, fg=color) if color else text, color=is_colored)
        else:
            standard_output.write(line)
    standard_output.flush()

"""Output files of commands: none is written over without a word."""

import re
from collections.abc import Iterable
from pathlib import Path

from dataset_tools.errors import InputError
from dataset_tools.sources.location import display_name

STANDARD_OUTPUT = "-"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # as the first part of a path; C: is a drive


def check_is_local(path: Path) -> None:
    """Refuse an address as an output, unless a folder is called so; raises InputError."""
    first = path.parts[0] if len(path.parts) > 1 else ""
    if _SCHEME.fullmatch(first) and not Path(first).exists():
        address = display_name(f"{first}//{path.relative_to(first)}")
        raise InputError(f"{address}: outputs are local files; write one and upload it")


def check_output(path: Path, inputs: Iterable[Path], *, force: bool) -> None:
    """Refuse an output that is an input, or that is there already and may not be replaced.

    What is no regular file, such as a device or a pipe, is written to in any case. Raises
    InputError.
    """
    check_is_local(path)
    if not path.exists():
        return
    if any(each.exists() and path.samefile(each) for each in inputs):
        raise InputError(f"{path}: is an input of this run; name another output")
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file in it")
    if path.is_file() and not force:
        raise InputError(f"{path}: is there already; --force replaces it")


def report_file(output: Path | None) -> Path | None:
    """Where a report is to be written; None for standard output, which `-` names as well."""
    return None if output is None or str(output) == STANDARD_OUTPUT else output


def check_report(name: str, output: Path, inputs: Iterable[Path | None]) -> None:
    """Refuse an output that is an input; a report of an earlier run is replaced.

    `name` is that of the option or key that names the output. Raises InputError.
    """
    check_is_local(output)
    for path in inputs:
        if path is not None and output.exists() and path.exists() and output.samefile(path):
            raise InputError(f"{name} {output}: is an input of this run; name another file")

"""Where the parts of a file are written, and what must not be there."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from dataset_tools.errors import InputError
from dataset_tools.home_folder import with_home
from dataset_tools.sources import SourceFile
from dataset_tools.sources.location import STDIN_NAME, scheme_of
from dataset_tools.split.choice import PARTS

_DATA_SUFFIX = re.compile(r"(\.(jsonl|ndjson|json|txt))?(\.(gz|zst))?$", re.IGNORECASE)
_STDIN_STEM = "stdin"
_UNNAMED_STEM = "data"


def part_paths(
    source: SourceFile, output_dir: Path | None, parts: Iterable[int]
) -> dict[int, Path]:
    """`STEM.train.jsonl` and so on, by part.

    Without a folder given, beside a local file, and for other sources in the current folder.
    """
    folder = output_dir or _own_folder(source)
    return {part: folder / f"{_stem(source)}.{PARTS[part]}.jsonl" for part in parts}


def check_outputs(source: SourceFile, paths: Mapping[int, Path], *, force: bool) -> None:
    """Refuse to write over the input, over what is there without `force`, or twice to one file."""
    existing = [path for path in paths.values() if _exists(path)]
    for path in existing:
        if path.samefile(source.path):
            raise InputError(f"{path}: is the input of this run; name another --output-dir")
        if not path.is_file():
            raise InputError(f"{path}: is no regular file; remove it or name another --output-dir")
    if existing and not force:
        what = "exists" if len(existing) == 1 else "exist"
        names = ", ".join(map(str, existing))
        raise InputError(f"{names}: {what} already; --force replaces what is there")
    if len({path.resolve() for path in paths.values()}) < len(paths):
        raise InputError(
            f"{', '.join(map(str, paths.values()))}: lead to the same file; remove the links"
        )


@contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """The folder, made where it is missing; what was made goes again if the block fails.

    Raises InputError where it cannot be made.
    """
    missing = [each for each in (folder, *folder.parents) if not _exists(each)]
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{folder}: cannot be made: {error.strerror or error}") from error
        yield
    except BaseException:
        for each in missing:
            with suppress(OSError):  # not made, or no longer empty
                each.rmdir()
        raise


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise InputError(f"{path}: cannot be looked at: {error.strerror or error}") from error


def _own_folder(source: SourceFile) -> Path:
    path = with_home(source.name)
    # standard input and pipes lie in a temporary file, downloads in the cache
    return path.parent if path == source.path else Path()


def _stem(source: SourceFile) -> str:
    if source.name == STDIN_NAME:
        return _STDIN_STEM
    name = Path(source.name.rstrip("/")).name
    if scheme_of(source.name):
        name = re.sub(r"[^A-Za-z0-9_.-]+", "_", name)
    return _DATA_SUFFIX.sub("", name, count=1) or _UNNAMED_STEM

"""The file name suffix by which later stages and people tell what a file holds."""

import re
from pathlib import PurePosixPath

_LONGEST_NAME = 80
_DATA_SUFFIX = re.compile(
    r"\.(jsonl|ndjson|json|csv|tsv|txt|parquet|xlsx)(\.(gz|zst))?$|\.(gz|zst)$", re.IGNORECASE
)
_MAGIC_BYTES = {b"\x1f\x8b": ".jsonl.gz", b"\x28\xb5\x2f\xfd": ".jsonl.zst"}


def has_data_suffix(name: str) -> bool:
    """Say whether `name` ends as a data file does."""
    return bool(_DATA_SUFFIX.search(name))


def suffix_for(head: bytes) -> str:
    """Return the suffix for content of unknown name that starts with `head`."""
    for magic, suffix in _MAGIC_BYTES.items():
        if head.startswith(magic):
            return suffix
    return ".jsonl"


def stored_name(paths: list[str], head: bytes) -> str:
    """Name a download after the first of `paths` that ends as a data file does.

    If none does, the name is that of the first path, with a suffix for content that starts with
    `head`. Only letters, digits, `_`, `.` and `-` are kept.
    """
    names = list(map(_last_segment, paths))
    named_as_data = next(filter(has_data_suffix, names), None)
    return named_as_data or (names[0] or "download") + suffix_for(head)


def _last_segment(path: str) -> str:
    segment = PurePosixPath(path).name
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", segment)[-_LONGEST_NAME:].lstrip(".")

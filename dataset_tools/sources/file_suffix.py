"""The file name suffix by which later stages and people tell what a file holds."""

import re

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

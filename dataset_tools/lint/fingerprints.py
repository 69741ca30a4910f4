"""Fingerprints: what makes a finding the same one after lines were inserted or folders renamed."""

from pathlib import PurePath

from dataset_tools.records import Record

FINGERPRINT_BYTES = 12


def fingerprint(code: str, content: Record | str) -> str:
    """`CODE:HEX`, from the rule and the content of the record, or the text of a line without one.

    A finding about the whole file has the file's name for content, as `file_content` tells it.
    Neither folder nor line number counts, nor how a record is spelt in JSON.
    """
    from hashlib import blake2b

    digest = blake2b(digest_size=FINGERPRINT_BYTES)
    parts = (content,) if isinstance(content, str) else (content.prompt or "", content.completion)
    for part in parts:
        data = part.encode(errors="surrogatepass")
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return f"{code}:{digest.hexdigest()}"


def file_content(path: str) -> str:
    """What stands for a file: its name, since folders are named differently from run to run."""
    return PurePath(path).name

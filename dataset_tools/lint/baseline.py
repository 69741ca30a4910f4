"""Baselines: findings that a team has accepted, kept in a file so that only new ones count.

    {"version": 1, "findings": {"DT301": ["<fingerprint>", ...]}}

A fingerprint stands for a record's content, not its line, and is listed as often as it was found;
here it is paired with the code of the rule as "DT301:<fingerprint>". Codes and fingerprints are
sorted, so that the file differs between two runs by what the runs differ in.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dataset_tools.errors import InputError
from dataset_tools.json_file import read_json
from dataset_tools.output_files import replacing

VERSION = 1
_CODE = re.compile(r"DT\d{3}")
_FINGERPRINT = re.compile(r"[0-9a-f]+")


class Baseline:
    """Accepted findings, each as "CODE:FINGERPRINT"; one for all files of a run."""

    def __init__(self, accepted: Iterable[str] = ()) -> None:
        self._left = Counter(accepted)

    def __contains__(self, fingerprint: str) -> bool:
        """Whether any such finding was accepted; that holds throughout a run."""
        return fingerprint in self._left

    def accepts(self, fingerprint: str) -> bool:
        """Whether one more such finding is accepted, which uses it up: a further copy is new."""
        if self._left[fingerprint] == 0:
            return False
        self._left[fingerprint] -= 1
        return True


def write_baseline(path: Path, fingerprints: Iterable[str]) -> None:
    """Record findings, each as "CODE:FINGERPRINT"; the file is replaced whole or not at all.

    Raises InputError where the file cannot be written.
    """
    findings = defaultdict(list)
    for entry in sorted(fingerprints):
        code, _, fingerprint = entry.partition(":")
        findings[code].append(fingerprint)
    document = {"version": VERSION, "findings": findings}
    with replacing(path) as stream:
        stream.write(f"{json.dumps(document, indent=2)}\n".encode())


def read_baseline(path: Path) -> Baseline:
    """The recorded findings.

    Raises InputError where the file cannot be read or is no baseline of this version.
    """
    document = read_json(path, "a baseline", "; --write-baseline makes one")
    try:
        return Baseline(
            f"{code}:{fingerprint}"
            for code, fingerprints in _checked_findings(document).items()
            for fingerprint in fingerprints
        )
    except InputError as error:
        raise InputError(f"{path}: {error}; --write-baseline makes a new one") from error


def _checked_findings(document: Any) -> dict[str, list[str]]:
    if not isinstance(document, dict) or "version" not in document:
        raise InputError(f"not a baseline: found {document!r:.40}, expected version and findings")
    version, findings = document["version"], document.get("findings")
    if type(version) is not int or version != VERSION:
        raise InputError(f"version: found {version!r:.40}, expected {VERSION}")
    if not isinstance(findings, dict):
        raise InputError(f"findings: found {findings!r:.40}, expected an object")
    for code, fingerprints in findings.items():
        # codes of rules that are gone are sound: their findings are gone as well
        if not _CODE.fullmatch(code):
            raise InputError(f"findings: found {code!r:.40}, expected rule codes")
        if not isinstance(fingerprints, list) or not all(map(_is_fingerprint, fingerprints)):
            raise InputError(f"{code}: found {fingerprints!r:.40}, expected a list of hex texts")
    return findings


def _is_fingerprint(value: object) -> bool:
    return isinstance(value, str) and _FINGERPRINT.fullmatch(value) is not None

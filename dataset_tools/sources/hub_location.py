"""How a dataset of the Hugging Face Hub, or a file in its repository, is written.

    hf://datasets/OWNER/NAME[/CONFIG][@REV][#SPLIT]      the rows of one split
    hf://datasets/OWNER/NAME[@REV]/PATH                  a file, or a glob over files
    hf://datasets/OWNER/NAME/PATH[@REV]                  the same

A path is told from a configuration by its end, which is that of a data file. The second form is
the hub's own; a branch whose name holds a slash fits the others only.
"""

import re
from dataclasses import dataclass, replace

from dataset_tools.errors import InputError
from dataset_tools.sources.file_suffix import has_data_suffix
from dataset_tools.sources.location import display_name

PREFIX = "hf://datasets/"
_NAME = re.compile(r"[\w.-]+")
# the hub's own references, whose names hold slashes: refs/pr/1, refs/convert/parquet
_REVISION_AND_PATH = re.compile(r"(?P<revision>refs/[^/]+/[^/]+|[^/]+)/(?P<path>.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class HubLocation:
    """A dataset's rows, or files of its repository; what the user left open is None."""

    repository: str
    """OWNER/NAME."""

    revision: str | None = None
    config: str | None = None
    split: str | None = None
    path: str | None = None
    """Of a file, or a glob; then there is neither configuration nor split."""

    def narrowed(self, config: str | None, split: str | None) -> "HubLocation":
        """The location with what was named apart from it; raises InputError on a contradiction."""
        if self.path is not None and (config or split):
            raise InputError(f"{self}: a file has neither configurations nor splits")
        for kind, inside, apart in (
            ("configuration", self.config, config),
            ("split", self.split, split),
        ):
            if inside and apart and inside != apart:
                raise InputError(f"{self}: names the {kind} {inside!r}, and {apart!r} is given too")
        return replace(self, config=config or self.config, split=split or self.split)

    def __str__(self) -> str:
        """The location as the user would write it."""
        extra = self.path or self.config
        return (
            f"{PREFIX}{self.repository}"
            + (f"/{extra}" if extra else "")
            + (f"@{self.revision}" if self.revision else "")
            + (f"#{self.split}" if self.split else "")
        )


def parse_hub_location(location: str) -> HubLocation:
    """Take a location apart; raises InputError where it is none of the forms above."""
    name = display_name(location)
    if location[: len(PREFIX)].lower() != PREFIX:
        raise _malformed(name, "")
    address, has_split, split = location[len(PREFIX) :].partition("#")
    if "?" in address:
        raise _malformed(name, " (no question mark)")
    before, has_revision, after = address.partition("@")
    owner, _, rest = before.partition("/")
    dataset, _, extra = rest.partition("/")
    if not _NAME.fullmatch(owner) or not _NAME.fullmatch(dataset):
        raise _malformed(name, "")
    if (has_split and not split) or (has_revision and not after):
        raise _malformed(name, f" (nothing follows {'@' if has_revision and not after else '#'})")
    revision, path = after or None, extra if has_data_suffix(extra) else None
    if not extra and (parts := _REVISION_AND_PATH.fullmatch(after)) and has_data_suffix(after):
        revision, path = parts["revision"], parts["path"]
    config = extra if extra and path is None else None
    if config is not None and "/" in config:
        raise InputError(
            f"{name}: {config!r} is neither a configuration nor a data file; "
            "expected a path that ends in .jsonl or as another data file does"
        )
    if path is not None and split:
        raise InputError(f"{name}: a file has no splits; leave out '#{split}'")
    return HubLocation(f"{owner}/{dataset}", revision, config, split or None, path)


def _malformed(name: str, detail: str) -> InputError:
    return InputError(
        f"{name}: not a dataset's location{detail}; expected "
        f"{PREFIX}OWNER/NAME[/CONFIG][@REV][#SPLIT] or {PREFIX}OWNER/NAME/PATH"
    )

"""The fixer: look, make the edits of one stage, look again, until there are none."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO, cast

from dataset_tools.errors import InputError
from dataset_tools.fix.dropped_lines import DroppedLines
from dataset_tools.fix.look import Advance, Look
from dataset_tools.fix.rewriting import Rewriting, rewrite
from dataset_tools.lines import open_plain
from dataset_tools.lint import LintSettings
from dataset_tools.lint.file_state import FileState
from dataset_tools.rules import FileContext
from dataset_tools.rules.edits import FixStage
from dataset_tools.sources import SourceFile

MOST_ROUNDS = 50  # a few stages are gone through twice where one fix shows what another can mend
_WIDE_ENCODINGS = ("UTF-16", "UTF-32")  # whose bytes are no lines

# a progress bar over so many bytes; yields the function to call with each advance
Progress = Callable[[str, int], AbstractContextManager[Advance]]


@dataclass(slots=True)
class Mended:
    """What was done to a file."""

    counts: Counter[str] = field(default_factory=Counter)  # of edits, by code
    decoded_from: str | None = None  # an encoding, as Python knows it
    marked_with: FileContext | None = None  # whose marks were added, if any were

    def add(self, done: Rewriting, look: Look) -> None:
        """Take in what was done in the stage that the look showed."""
        self.counts += done.counts
        self.decoded_from = self.decoded_from or done.decoded_from
        if look.stage is FixStage.MARKS:
            self.marked_with = look.survey.context


@dataclass(slots=True)
class Fixed:
    """A file before and after; both streams are open as long as the `fixed` block lasts.

    `before` is what a diff starts from: the file's plain bytes, in UTF-8 if they were in UTF-16
    or UTF-32. `after` is the same stream where nothing was mended.
    """

    before: BinaryIO
    after: BinaryIO
    path: Path  # where the result's bytes lie, packed if they were and nothing was mended
    mended: Mended
    dropped: DroppedLines  # of the lines of `before`
    state: FileState  # of the source


@contextmanager
def fixed(
    source: SourceFile, settings: LintSettings, progress: Progress, *, jobs: int = 1
) -> Iterator[Fixed]:
    """The file with all edits made that the settings' rules propose.

    Up to `jobs` processes compare records that may be duplicates.

    Raises InputError where the file cannot be read, is no JSON Lines, or changes meanwhile.
    """
    with open_plain(source.path, source.name) as plain, ExitStack() as copies:
        state = FileState(source.name, plain)
        result = Fixed(plain, plain, source.path, Mended(), DroppedLines(), state)
        for _ in range(MOST_ROUNDS):
            with progress(f"{source.name}: looking", state.size) as advance:
                look = Look(source.name, result.after, settings, advance, jobs)
            if look.stage is None:
                break
            copy = copies.enter_context(_temporary_file())
            with progress(f"{source.name}: mending", look.size) as advance:
                done = _written(source.name, look, copy, advance)
            _take_in(result, done, look, copy)
        else:
            raise InputError(
                f"{source.name}: still not mended after {MOST_ROUNDS} rounds; choose fewer rules "
                "with --select, or give --separator and --stop-sequence"
            )
        state.check_is_unchanged("fix")
        yield result


def _take_in(result: Fixed, done: Rewriting, look: Look, copy: IO[bytes]) -> None:
    former = result.after
    result.after, result.path = cast(BinaryIO, copy), Path(copy.name)
    result.mended.add(done, look)
    result.dropped.add(done.dropped)
    if done.decoded_from is not None and done.decoded_from.startswith(_WIDE_ENCODINGS):
        result.before = result.after
    if former not in (result.before, result.state.stream):
        former.close()  # it takes up room on the disk


def _written(name: str, look: Look, copy: IO[bytes], advance: Advance) -> Rewriting:
    try:
        done = rewrite(name, look, copy, advance)
        copy.flush()
    except OSError as error:
        raise InputError(
            f"{copy.name}: cannot be written: {error.strerror or error}; set TMPDIR to a folder "
            "with room for two copies of the data"
        ) from error
    return done


def _temporary_file() -> IO[bytes]:
    return tempfile.NamedTemporaryFile(prefix="dataset-tools-", suffix=".jsonl")

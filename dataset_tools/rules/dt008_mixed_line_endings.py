"""The file mixes line endings."""

from collections.abc import Iterable
from typing import Self

from dataset_tools.findings import Severity
from dataset_tools.record_batch import RecordBatch
from dataset_tools.rules.edits import FixStage, LineEndings
from dataset_tools.rules.rule import FileContext, Problem, RecordLookup, Rule


class MixedLineEndings(Rule):
    r"""## What it does

    Reports a file in which some lines end with `\n` and others with `\r\n`, at the first line
    that ends the rarer way.

    ## Why it hurts

    It does no harm in training, but it tells that the file was put together from several sources
    or edited by hand, and tools that count bytes or compare lines stumble over it.

    ## Example

    Two files concatenated, one of them written on Windows.

    ## Use instead

    Write the file in one go, or convert it with `dos2unix data.jsonl`.

    ## Fix

    `dataset-tools fix` gives the lines that end the rarer way the other ending, after it has
    dropped those that are to go. A last line without any ending stays so.

    ## Source

    The JSON Lines format (jsonlines.org): the line terminator is `\n`; `\r\n` is supported
    because JSON ignores surrounding white space.
    """

    code = "DT008"
    name = "mixed line endings"
    severity = Severity.WARNING
    fix_stage = FixStage.ENDINGS

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.counts = {b"\n": 0, b"\r\n": 0}
        self.first_lines: dict[bytes, int] = {}

    def observe(self, batch: RecordBatch) -> None:
        scan = batch.byte_scan
        is_windows = (scan.at(scan.newlines - 1) == ord("\r")) & (scan.newlines > 0)
        for ending, flags in ((b"\r\n", is_windows), (b"\n", ~is_windows)):
            count = int(flags.sum())
            self.counts[ending] += count
            if count and ending not in self.first_lines:
                self.first_lines[ending] = batch.lines.first_number + int(flags.argmax())

    def merge(self, later: Self, lines_before: int) -> None:
        for ending, count in later.counts.items():
            self.counts[ending] += count
        for ending, line in later.first_lines.items():
            self.first_lines.setdefault(ending, line + lines_before)

    def conclude(self, records: RecordLookup) -> Iterable[Problem]:
        edit = self.edit_of_file()
        if edit is not None:
            rarer = b"\n" if edit.ending == b"\r\n" else b"\r\n"
            unix, windows = self.counts[b"\n"], self.counts[b"\r\n"]
            yield Problem(
                f"{windows} lines end with '\\r\\n' and {unix} with '\\n', expected one ending",
                line=self.first_lines[rarer],
                edit=edit,
            )

    def edit_of_file(self) -> LineEndings | None:
        unix, windows = self.counts[b"\n"], self.counts[b"\r\n"]
        if not unix or not windows:
            return None
        return LineEndings(b"\n" if windows <= unix else b"\r\n")

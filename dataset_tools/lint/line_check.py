"""Lint's verdict on single lines of a file, without a check of the rest.

The lines are judged as in a check of the whole file: by the same rules, with the marks and
majorities that the survey of the file tells. Rules that compare records with one another, such as
those for duplicates, have no say.
"""

import os
from typing import BinaryIO

from msgspec.structs import replace

from dataset_tools.findings import Finding
from dataset_tools.lint.piece_check import PieceCheck, judges
from dataset_tools.lint.pieces import Piece
from dataset_tools.lint.settings import LintSettings
from dataset_tools.lint.survey import survey


class LineCheck:
    """The judges of one open, uncompressed file."""

    def __init__(self, path: str, stream: BinaryIO, settings: LintSettings) -> None:
        surveyed = survey(stream, os.fstat(stream.fileno()).st_size, settings)
        self.context = surveyed.context
        rules = [rule(self.context) for rule in settings.rules]
        rules = list(filter(judges, rules))
        for rule in rules:
            rule.learn(surveyed.sample)
        self._check = PieceCheck(path, stream, self.context, rules, settings)

    def findings(self, number: int, start: int) -> list[Finding]:
        """What lint has to say of the line with this number, which starts at this byte."""
        piece = Piece(start if number > 1 else 0, start + 1)  # 0: a byte order mark is no line
        found = self._check.run(piece).tally.findings
        moved = (replace(finding, line=finding.line + number - 1) for finding in found)
        return sorted(moved, key=lambda each: each.sort_key)

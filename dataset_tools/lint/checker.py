"""The checker: one file through all rules, in one pass and bounded memory."""

import os
from collections.abc import Callable, Iterable
from typing import BinaryIO

from dataset_tools.findings import Finding
from dataset_tools.lines import open_plain, read_batches
from dataset_tools.lint.places import column_of
from dataset_tools.lint.report import FileSummary, LintReport
from dataset_tools.lint.settings import LintSettings
from dataset_tools.lint.survey import survey
from dataset_tools.parsing import RecordBatch, parse_batch
from dataset_tools.rules import FileContext, Problem, Rule
from dataset_tools.sources import SourceFile

HEAD_BYTES = 64 * 1024  # enough to tell what kind of file it is

Advance = Callable[[int], None]  # called with the number of bytes done since the last call


def check_source(
    source: SourceFile,
    settings: LintSettings,
    report: LintReport,
    advance: Advance = lambda done: None,
) -> None:
    """Check one file and add what was found to the report.

    Raises InputError where the file cannot be read at all; anything wrong inside is a finding.
    """
    with open_plain(source.path, source.name) as stream:
        _FileCheck(source.name, stream, settings, report).run(advance)


class _FileCheck:
    def __init__(
        self, path: str, stream: BinaryIO, settings: LintSettings, report: LintReport
    ) -> None:
        self.path = path
        self.stream = stream
        self.report = report
        self.size = stream.seek(0, os.SEEK_END)
        context = survey(stream, self.size, settings)
        self.tells_format = context is not None
        self.context = context or FileContext("prompt-completion")
        self.rules = [rule(self.context) for rule in settings.rules]
        self.records = 0

    def run(self, advance: Advance) -> None:
        first = len(self.report.findings)
        self.stream.seek(0)
        head = self.stream.read(HEAD_BYTES)
        if not any(self._check_head(rule, head) for rule in self.rules if rule.ends_the_check):
            for rule in self.rules:
                if not rule.ends_the_check:
                    self._check_head(rule, head)
            self.stream.seek(0)
            for lines in read_batches(self.stream):
                self._check_batch(parse_batch(lines, self.context.record_format))
                advance(sum(map(len, lines.lines)))
            for rule in self.rules:
                self._add(rule, rule.conclude())
        self.report.sort_from(first)
        self.report.files.append(self._summary())

    def _check_head(self, rule: Rule, head: bytes) -> bool:
        problems = list(rule.check_head(head))
        self._add(rule, problems)
        return bool(problems)

    def _check_batch(self, batch: RecordBatch) -> None:
        self.records += len(batch)
        for rule in self.rules:
            for line in batch.odd_lines:
                self._add(rule, rule.check_line(line), line.number, line.text)
            for index in rule.suspects(batch):
                number = batch.numbers[index]
                problems = list(rule.check_record(batch.record(index)))
                if problems:
                    text = batch.line_at(number).decode()
                    self._add(rule, problems, number, text)
            rule.observe(batch)

    def _add(
        self, rule: Rule, problems: Iterable[Problem], number: int = 1, line_text: str = ""
    ) -> None:
        for problem in problems:
            self.report.add(
                Finding(
                    path=self.path,
                    line=problem.line or number,
                    column=column_of(problem, line_text),
                    code=rule.code,
                    severity=rule.severity,
                    message=problem.message,
                    fixable=rule.fixable,
                )
            )

    def _summary(self) -> FileSummary:
        separator, stop_sequence = self.context.separator, self.context.stop_sequence
        return FileSummary(
            path=self.path,
            format=self.context.record_format if self.tells_format else None,
            records=self.records,
            bytes=self.size,
            separator=separator.text if separator else None,
            stop_sequence=stop_sequence.text if stop_sequence else None,
            inferred=any(
                mark is not None and mark.origin == "inferred"
                for mark in (separator, stop_sequence)
            ),
        )

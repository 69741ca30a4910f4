"""Stats of a small classification file, and what lint finds in it, by the real functions."""

import json
from pathlib import Path

from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.sources import SourceFile
from dataset_tools.stats import DataPartial, StatsReport, StatsSettings, gather, summarize

CLASSES = ["yes", "no", "<b>odd</b>\u202e$x^2$"]


def stats_of(folder: Path, name: str, lines: list[str]) -> tuple[StatsReport, LintReport]:
    """The report on a file with these lines, and lint's."""
    path = folder / "data.jsonl"
    path.write_text("\n".join(lines) + "\n")
    source = SourceFile(name, path)
    settings, data, found = StatsSettings(), DataPartial(0), LintReport()
    files = [gather(source, settings, data)]
    check_source(source, LintSettings(max_findings=1), found)
    return summarize(files, data, settings), found


def classified(records: int) -> list[str]:
    """Rows of one to forty words, of which every third is of another class."""
    return [
        json.dumps({"prompt": "word " * (number % 40 + 1) + "#", "completion": f" {label}"})
        for number in range(records)
        for label in [CLASSES[number % 3]]
    ]

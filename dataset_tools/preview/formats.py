"""The format of a file's records, as lint tells it."""

import os
from typing import BinaryIO

from dataset_tools.lint.settings import LintSettings
from dataset_tools.lint.survey import survey
from dataset_tools.records import RecordFormat


def format_of_file(stream: BinaryIO) -> RecordFormat:
    """What most of the rows that lint's survey looks at are, in an open, uncompressed file."""
    settings = LintSettings(rules=())
    return survey(stream, os.fstat(stream.fileno()).st_size, settings).context.record_format

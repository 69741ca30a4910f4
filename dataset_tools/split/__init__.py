"""Split: a file's records shared out to training, validation and test files, groups kept whole."""

from dataset_tools.split.part_size import PartSize
from dataset_tools.split.splitter import SplitRequest, SplitSummary, split_source

__all__ = ["PartSize", "SplitRequest", "SplitSummary", "split_source"]

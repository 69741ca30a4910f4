"""Stats: files through counts to a report. Nothing here prints; `formats` does."""

from dataset_tools.stats.gathering import gather
from dataset_tools.stats.partial import DataPartial
from dataset_tools.stats.report import StatsReport
from dataset_tools.stats.settings import StatsSettings, StepSettings, step_settings
from dataset_tools.stats.summary import summarize

__all__ = [
    "DataPartial",
    "StatsReport",
    "StatsSettings",
    "StepSettings",
    "gather",
    "step_settings",
    "summarize",
]

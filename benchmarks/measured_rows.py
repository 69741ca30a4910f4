"""Lines of a benchmark's table: a figure beside its target, and the medians it comes from."""

import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from measured_process import wall_seconds


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    what: str
    value: float
    unit: str
    target: float | None
    at_most: bool  # whether the target is a ceiling
    note: str = ""

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        reached = self.value <= self.target if self.at_most else self.value >= self.target
        return "reached" if reached else "MISSED"

    def __str__(self) -> str:
        sign = "" if self.target is None else f"{'≤' if self.at_most else '≥'} {self.target:g}"
        figure = f"{self.what:<44} {self.value:8.2f} {self.unit:<9}"
        return f"{figure} {sign:<7} {self.verdict:<8} {self.note}".rstrip()


def medians(
    commands: Mapping[str, Sequence[str]], runs: int, exit_codes: Sequence[int] = (0,)
) -> dict[str, float]:
    """The median wall time of each command, in seconds, the commands taking turns."""
    os.sync()  # data that was just made would be written to disk meanwhile, and take a core for it
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            times[name].append(wall_seconds(command, exit_codes))
    return {name: statistics.median(values) for name, values in times.items()}

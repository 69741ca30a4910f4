"""An Axolotl plugin that writes down what the steps of a run cost: time and peak memory.

The file named by the environment variable STEP_COSTS receives JSON: `seconds`, from the end of a
step to the end of the next, collation and logging included, one fewer than there are steps, and
`processor_seconds` of all threads likewise; `baseline_bytes` and `peak_bytes`, the memory before
the first step and the most of any time since. Memory is what the GPU's allocator has given out, or
else the resident set of this process, whose high-water mark (VmHWM) is reset before the first step,
so that loading does not count. Linux only.
"""

import json
import os
import time
from pathlib import Path
from typing import Any

import torch
from axolotl.integrations.base import BasePlugin
from transformers import TrainerCallback

OUTPUT = "STEP_COSTS"
_OWN = Path("/proc/self")


class StepCostsPlugin(BasePlugin):
    """Measures; changes nothing."""

    def add_callbacks_post_trainer(self, cfg: Any, trainer: Any) -> list[Any]:
        """The callback that measures."""
        return [_StepCosts()]


class _StepCosts(TrainerCallback):
    def __init__(self) -> None:
        self._ends: list[tuple[float, float]] = []
        self._baseline = 0

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
            self._baseline = torch.cuda.memory_allocated()
        else:
            (_OWN / "clear_refs").write_text("5")  # proc_pid_clear_refs(5): resets VmHWM
            self._baseline = _status_bytes("VmRSS")

    def on_step_end(self, *_: Any, **__: Any) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self._ends.append((time.perf_counter(), time.process_time()))

    def on_train_end(self, *_: Any, **__: Any) -> None:
        on_gpu = torch.cuda.is_available()
        pairs = list(zip(self._ends, self._ends[1:], strict=False))
        seconds, processor_seconds = (
            [end[clock] - start[clock] for start, end in pairs] for clock in (0, 1)
        )
        costs = {
            "seconds": seconds,
            "processor_seconds": processor_seconds,
            "baseline_bytes": self._baseline,
            "peak_bytes": torch.cuda.max_memory_allocated() if on_gpu else _status_bytes("VmHWM"),
        }
        Path(os.environ[OUTPUT]).write_text(json.dumps(costs))


def _status_bytes(name: str) -> int:
    lines = (_OWN / "status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(f"{name}:"))) * 1024

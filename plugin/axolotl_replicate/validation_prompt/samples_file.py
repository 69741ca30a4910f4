"""`validation_samples.jsonl`: one response a line, through interruptions and resumed runs.

A run from the beginning starts a new file and keeps the last one beside it. A run resumed at step k
keeps the lines up to k and drops what the interrupted run wrote after k, since it trains, evaluates
and writes those steps again: every step stands there once.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dataset_tools.output_files import replacing

FILE_NAME = "validation_samples.jsonl"
PREVIOUS_FILE_NAME = "validation_samples.previous.jsonl"


@dataclass(frozen=True, slots=True)
class Sample:
    """One line; step and epoch are None where a model is evaluated outside of a training."""

    step: int | None
    epoch: float | None
    prompt: str
    response: str
    finished: str
    tokens: int
    seconds: float


class SamplesFile:
    """The samples of a run, in its output folder."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self._written: set[tuple[int | None, str]] = set()

    def start_run(self, step: int) -> None:
        """Make the file ready for a training that starts behind this step, 0 for a new one."""
        self._written = set()
        if not self.path.exists():
            return
        if step == 0:
            self.path.replace(self.path.with_name(PREVIOUS_FILE_NAME))
            return
        content = self.path.read_bytes()
        lines = content.splitlines(keepends=True)
        kept = [line for line in lines if self._belongs_to_run(line, step)]
        if kept != lines:
            with replacing(self.path) as stream:
                stream.writelines(kept)

    def _belongs_to_run(self, line: bytes, resumed_step: int) -> bool:
        """Whether a line is whole and up to the step; such a line is not written again."""
        try:
            sample: dict[str, Any] = json.loads(line)
            step, prompt = sample["step"], sample["prompt"]
        except (ValueError, KeyError, TypeError):
            return False
        if not line.endswith(b"\n") or (step is not None and step > resumed_step):
            return False
        if step is not None:
            self._written.add((step, prompt))
        return True

    def holds(self, step: int | None, prompt: str) -> bool:
        """Whether this run, or the one it resumes, has a sample of the step.

        Without a step: whether this process has one, whose model is the same all the while.
        """
        return (step, prompt) in self._written

    def append(self, sample: Sample) -> None:
        """Write a line and hand it to the system; raises OSError."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(asdict(sample), ensure_ascii=False) + "\n"
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(line)
        self._written.add((sample.step, sample.prompt))

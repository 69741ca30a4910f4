"""One run of a command: wall time and the peak memory of all its processes together.

Memory is the sum of the proportional set sizes (PSS) in /proc of the process and all below it,
sampled: pages that forked processes share count once. Linux only.
"""

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Run:
    """What a run took; `timed_out` where it was ended for taking too long."""

    seconds: float
    peak_bytes: int
    exit_code: int
    output: str  # standard output and standard error
    timed_out: bool = False


def wall_seconds(command: Sequence[str], exit_codes: Sequence[int] = (0,)) -> float:
    """The wall time of one run, its output thrown away; raises SystemExit on another exit code.

    Byte code is kept from run to run, as an installed package has it.
    """
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": ""}
    start = time.perf_counter()
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=environment,
        check=False,
    )
    seconds = time.perf_counter() - start
    if done.returncode not in exit_codes:
        raise SystemExit(f"{' '.join(command)}: exit code {done.returncode}")
    return seconds


def measured(command: Sequence[str], output: Path, timeout: float = 3600) -> Run:
    """Run the command with its output in a file and its memory watched."""
    start = time.perf_counter()
    with output.open("wb") as stream:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT
        )
        peak = _watch(process.pid, lambda: _is_over(process, start + timeout))
        timed_out = process.poll() is None
        if timed_out:
            process.kill()
        process.wait()
    seconds = time.perf_counter() - start
    text = output.read_text(encoding="utf-8", errors="replace")
    return Run(seconds, peak, process.returncode, text, timed_out)


def _is_over(process: subprocess.Popen[bytes], deadline: float) -> bool:
    return process.poll() is not None or time.perf_counter() > deadline


def _watch(pid: int, is_over: Callable[[], bool]) -> int:
    peak = 0
    while not is_over():
        peak = max(peak, tree_bytes(pid))
        time.sleep(SAMPLE_SECONDS)
    return peak


def tree_bytes(pid: int) -> int:
    """The memory of a process and of all below it, in bytes; 0 where it has ended."""
    return _own_bytes(pid) + sum(map(tree_bytes, _children(pid)))


def _own_bytes(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:  # it has just ended
        return 0
    kilobytes = (line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:"))
    return int(next(kilobytes, "0")) * 1024


def _children(pid: int) -> list[int]:
    children: list[int] = []
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        try:
            children += map(int, (thread / "children").read_text().split())
        except OSError:
            continue
    return children

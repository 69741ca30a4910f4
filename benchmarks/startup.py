"""How long a ten-line lint takes, as a ratio to a bare interpreter in the same run.

`python benchmarks/startup.py` prints the median of several runs of each, in turn, so that a busy
machine slows both alike.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 15
ROWS = "".join(f'{{"prompt": "Say {n}", "completion": " {n}"}}\n' for n in range(10))


def seconds(command: list[str]) -> float:
    """The wall time of one run."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print medians and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "ten.jsonl")
        data.write_text(ROWS)
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "dataset-tools lint": [sys.executable, "-m", "dataset_tools", "lint", str(data)],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(RUNS):
            for name, command in commands.items():
                times[name].append(seconds(command))
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(f"{name:<20} {median * 1000:6.0f} ms")
    bare, lint = medians.values()
    print(f"{'ratio':<20} {lint / bare:6.1f}")


if __name__ == "__main__":
    main()

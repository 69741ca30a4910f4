"""How fast `dataset-tools lint` is, as a ratio to the parser alone, and how much memory it takes.

`python benchmarks/lint.py` makes its data by seed and prints a table; `--large` adds a file of
1 GB for memory, `--json FILE` keeps the figures. Speed is the time of
`for line in f: orjson.loads(line)` divided by the time of the lint of the same file, whole
processes with their start on both sides, median of five, in turn, so that a busy machine slows
both alike. The modules are compiled first, as they are where pip installs them. Speed is shown for
files of 200 MB, where start-up is a good part of the time, and of 1 GB. How much longer two loops
at once take than one tells whether the machine has two cores to give: 1.0 where it has. The targets
stand beside the results.
"""

import argparse
import compileall
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict
from itertools import product
from pathlib import Path

from measured_process import measured
from measured_rows import Row, medians
from rows_with_findings import (
    CLEAN,
    TWICE,
    write_each_record_twice,
    write_rows_with_findings,
)
from training_data import RECORD_BYTES, SEPARATOR, write_training_data

import dataset_tools

RUNS = 5
START_RUNS = 15
SPEED_TARGETS = {1: 0.33, 2: 0.60}  # jobs → least ratio to the orjson loop
FINDINGS_TARGET = 2.0  # times the clean file, at most
MEMORY_TARGET = 250.0  # MB, all processes together
START_TARGETS = {"lint of ten lines": 0.25, "--help": 0.2}  # seconds
LARGE_BYTES = 1_000_000_000
USUAL_BYTES = 200_000_000
SMALL_BYTES = 100_000_000
PACKAGE = Path(dataset_tools.__file__).parent
LINT = [sys.executable, "-m", "dataset_tools", "lint", "--quiet", "--no-color"]
ORJSON_LOOP = [
    sys.executable,
    "-c",
    "import sys, orjson\nfor line in open(sys.argv[1], 'rb'): orjson.loads(line)",
]
TWO_LOOPS = [
    sys.executable,
    "-c",
    "import os, sys, orjson\nchild = os.fork()\n"
    "for line in open(sys.argv[1], 'rb'): orjson.loads(line)\nif child: os.wait()",
]
LINT_ENDS = (0, 1)  # exit codes of a lint that came to its end


def speed(folder: Path, sizes: Iterable[int]) -> Iterable[Row]:
    """Clean files of each size and record size, by jobs."""
    for total_bytes, record_bytes in product(sizes, RECORD_BYTES):
        path = folder / f"clean-{record_bytes}.jsonl"
        write_training_data(path, total_bytes, record_bytes)
        loops = {"orjson": [*ORJSON_LOOP, str(path)], "two loops": [*TWO_LOOPS, str(path)]}
        commands = loops | {
            f"{jobs}": [*LINT, "--jobs", f"{jobs}", str(path)] for jobs in SPEED_TARGETS
        }
        times = medians(commands, RUNS, LINT_ENDS)
        rate = path.stat().st_size / 1e6
        for jobs, target in SPEED_TARGETS.items():
            yield Row(
                f"{rate:.0f} MB of {record_bytes} B records, --jobs {jobs}",
                times["orjson"] / times[f"{jobs}"],
                "× orjson",
                target,
                at_most=False,
                note=f"{rate / times[f'{jobs}']:.0f} MB/s; orjson {rate / times['orjson']:.0f}",
            )
        slowdown = times["two loops"] / times["orjson"]
        what = f"{rate:.0f} MB of {record_bytes} B records, two loops at once"
        yield Row(what, slowdown, "× one loop", None, at_most=True)
        path.unlink()


def with_findings(folder: Path, total_bytes: int, record_bytes: int = 1000) -> Iterable[Row]:
    """Files in which every row has a finding, against the clean file of the same records."""
    files = write_rows_with_findings(folder, total_bytes, record_bytes)
    for jobs in SPEED_TARGETS:
        options = ["--jobs", f"{jobs}", "--separator", SEPARATOR.replace("\n", "\\n")]
        commands = {name: [*LINT, *options, str(path)] for name, path in files.items()}
        times = medians(commands, RUNS, LINT_ENDS)
        for name in files:
            if name == CLEAN:
                continue
            yield Row(
                f"every row: {name}, --jobs {jobs}",
                times[name] / times[CLEAN],
                "× clean",
                FINDINGS_TARGET,
                at_most=True,
                note=f"{times[name]:.2f} s; clean {times['clean']:.2f} s",
            )


def memory(
    folder: Path, sizes: Iterable[int], record_bytes: int = RECORD_BYTES[0]
) -> Iterable[Row]:
    """Peak memory by file size, with the smallest records, of which a file holds most."""
    clean, twice = folder / "clean.jsonl", folder / "twice.jsonl"
    for size in sizes:
        count = write_training_data(clean, size, record_bytes)
        yield from _peaks(clean, f"{size / 1e6:.0f} MB file", count)
        write_each_record_twice(twice, clean, count)
        yield from _peaks(twice, f"{size / 1e6:.0f} MB file, {TWICE}", count)
        clean.unlink()
        twice.unlink()


def _peaks(path: Path, what: str, count: int) -> Iterable[Row]:
    for jobs in SPEED_TARGETS:
        run = measured([*LINT, "--jobs", f"{jobs}", str(path)], path.with_name("report"))
        if run.exit_code not in LINT_ENDS:
            raise SystemExit(f"lint ended with {run.exit_code}: {run.output[-500:]}")
        yield Row(
            f"memory, {what}, --jobs {jobs}",
            run.peak_bytes / 1e6,
            "MB",
            MEMORY_TARGET,
            at_most=True,
            note=f"{count} records in {run.seconds:.1f} s",
        )


def start(folder: Path) -> Iterable[Row]:
    """Start-up: what the smallest runs take."""
    path = folder / "ten.jsonl"
    path.write_text("".join(f'{{"prompt": "Say {n}", "completion": " {n}"}}\n' for n in range(10)))
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "lint of ten lines": [*LINT, str(path)],
        "--help": [sys.executable, "-m", "dataset_tools", "--help"],
    }
    for name, seconds in medians(commands, START_RUNS, LINT_ENDS).items():
        yield Row(name, seconds, "s", START_TARGETS.get(name), at_most=True)


def main() -> None:
    """Measure, print the table, and keep the figures if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--megabytes",
        type=float,
        help="of each file; default: 200, for speed 1000, too, for memory 100",
    )
    parser.add_argument("--large", action="store_true", help="memory on a file of 1 GB as well")
    parser.add_argument("--only", choices=["speed", "findings", "memory", "start"])
    parser.add_argument("--folder", type=Path, help="where the data is made; default: temporary")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    options = parser.parse_args()
    given_bytes = int((options.megabytes or 0) * 1e6)
    speed_sizes = (given_bytes,) if given_bytes else (USUAL_BYTES, LARGE_BYTES)
    sizes = (given_bytes or SMALL_BYTES, *([LARGE_BYTES] if options.large else []))
    parts: dict[str, Callable[[Path], Iterable[Row]]] = {
        "speed": lambda folder: speed(folder, speed_sizes),
        "findings": lambda folder: with_findings(folder, given_bytes or USUAL_BYTES),
        "memory": lambda folder: memory(folder, sizes),
        "start": start,
    }
    compileall.compile_dir(PACKAGE, quiet=1)
    rows: list[Row] = []
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        for part, measure in parts.items():
            if options.only in (None, part):
                for row in measure(Path(name)):
                    rows.append(row)
                    print(row, flush=True)
    if options.json:
        figures = [asdict(row) | {"verdict": row.verdict} for row in rows]
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Lint beside OpenAI's `prepare_data`: what each finds, in what time and memory.

`python benchmarks/compare_prepare_data.py` installs `openai==0.28.1`, the last line of versions
that had `openai tools fine_tunes.prepare_data`, with pandas into a virtual environment of its own,
runs both over files made by seed, and writes the tables into docs/comparison.md between the
markers. `prepare_data` gets `-q`, which accepts all it proposes, no standard input, and a time
limit, so that no question of its can stop the run.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from measured_process import Run, measured
from training_data import write_training_data

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from planted_faults import ALL_KINDS, BYTE_ORDER_MARK, Expected, write_planted_faults

PAGE = Path(__file__).parents[1] / "docs" / "comparison.md"
BEGIN = "<!-- written by benchmarks/compare_prepare_data.py: begin -->"
END = "<!-- end -->"
PREPARE_DATA = "openai==0.28.1"
FAULT_RECORDS = 2000  # of each file that holds one kind of fault
SPEED_RECORDS = 20_000
TIMEOUT = 900.0  # seconds
STOPS_PREPARE_DATA = {"malformed line", "invalid UTF-8", BYTE_ORDER_MARK}
SAID = 110  # characters of what prepare_data says that a cell shows
_ROW_LIST = re.compile(r"rows: \[([\d, ]*)\]")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One tool on one file: what it took, and the 1-based lines it named."""

    run: Run
    lines: set[int]
    said: list[str]

    @property
    def cost(self) -> str:
        return f"{self.run.seconds:.1f} s, {self.run.peak_bytes / 1e6:.0f} MB"

    def named(self, planted: set[int]) -> str:
        if not planted:
            return "-"
        wrong = len(self.lines - planted)
        return f"{len(self.lines & planted)} of {len(planted)}" + (f", {wrong} wrong" * bool(wrong))


def prepare_data_command(folder: Path) -> Path:
    """The `openai` command of a virtual environment in `folder`, made the first time."""
    command = folder / "bin" / "openai"
    if not command.exists():
        venv.create(folder, with_pip=True, clear=True)
        python = folder / "bin" / "python"
        install = [str(python), "-m", "pip", "install", "--quiet", PREPARE_DATA, "pandas"]
        subprocess.run(install, check=True)
    return command


def versions(folder: Path) -> str:
    """The versions compared, for the page."""
    script = "import openai.version, pandas; print(openai.version.VERSION, pandas.__version__)"
    command = [str(folder / "bin" / "python"), "-c", script]
    openai, pandas = subprocess.run(
        command, check=True, capture_output=True, text=True
    ).stdout.split()
    return f"openai {openai} with pandas {pandas}, Python {sys.version.split()[0]}"


def prepare_data(command: Path, data: Path) -> Outcome:
    """Run OpenAI's tool; it counts rows from 0."""
    arguments = [str(command), "tools", "fine_tunes.prepare_data", "-f", str(data), "-q"]
    run = measured(arguments, data.with_suffix(".out"), TIMEOUT)
    analysis = run.output.partition("Based on the analysis")[0]
    shown = analysis.replace(str(data), "FILE").splitlines()
    said = [line for line in shown if line.startswith(("- ", "ERROR", "  WARN"))]
    rows = (
        int(row) for line in said for found in _ROW_LIST.findall(line) for row in found.split(",")
    )
    if "Traceback" in run.output:
        said.append(f"ends with a traceback: {run.output.rstrip().splitlines()[-1]}")
    if run.timed_out:
        said.append(f"no end within {TIMEOUT:.0f} s")
    return Outcome(run, {row + 1 for row in rows}, said)


def lint(data: Path) -> Outcome:
    """Run our linter with the default settings, notes (info) left out."""
    arguments = [sys.executable, "-m", "dataset_tools", "lint", str(data), "--format", "json"]
    run = measured(arguments, data.with_suffix(".json"), TIMEOUT)
    report = json.loads(run.output)
    counts = [f"{code} × {count}" for code, count in report["counts"].items()]
    lines = {each["line"] for each in report["findings"] if each["severity"] != "info"}
    return Outcome(run, lines, counts)


def fault_table(command: Path, folder: Path) -> Iterator[str]:
    """A file for each kind of fault: how many of its lines each tool names."""
    yield "| planted in 2,000 records | `prepare_data` names | `lint` names | `prepare_data` says |"
    yield "| --- | --- | --- | --- |"
    data = folder / "data.jsonl"
    write_planted_faults(data, FAULT_RECORDS, kinds=())
    usual = {_without_numbers(line) for line in prepare_data(command, data).said}
    for kind in sorted(ALL_KINDS):
        expected = write_planted_faults(data, FAULT_RECORDS, kinds={kind})
        planted = planted_lines(expected)
        theirs, ours = prepare_data(command, data), lint(data)
        said = [line for line in theirs.said if _without_numbers(line) not in usual]
        yield (
            f"| {kind} | {theirs.named(planted)} | {ours.named(planted)} | "
            f"{_cell(said) or 'nothing'} |"
        )


def planted_lines(expected: Expected) -> set[int]:
    """The lines in which something is wrong; a byte order mark (DT003) is not."""
    return {line for line, code in expected if code != "DT003"}


def cost_table(command: Path, folder: Path, large_bytes: int) -> Iterator[str]:
    """Clean and faulty files: time, memory, and how many faults are named at their line."""
    yield "| file | tool | time, peak memory | exit code | faults named at their line |"
    yield "| --- | --- | --- | --- | --- |"
    data = folder / "data.jsonl"
    for name, kinds in (
        ("clean", frozenset[str]()),
        ("all planted faults", ALL_KINDS),
        ("planted faults that `prepare_data` can read", ALL_KINDS - STOPS_PREPARE_DATA),
    ):
        expected = write_planted_faults(data, SPEED_RECORDS, kinds=kinds)
        yield from _cost_rows(command, data, name, planted_lines(expected))
    write_training_data(data, large_bytes, 1000)
    yield from _cost_rows(command, data, "clean", set())


def _cost_rows(command: Path, data: Path, name: str, planted: set[int]) -> Iterator[str]:
    size = f"{data.stat().st_size / 1e6:.0f} MB"
    for tool, outcome in (("`prepare_data`", prepare_data(command, data)), ("`lint`", lint(data))):
        yield (
            f"| {name}, {size} | {tool} | {outcome.cost} | {outcome.run.exit_code} | "
            f"{outcome.named(planted)} |"
        )


def _without_numbers(line: str) -> str:
    return re.sub(r"\d+", "", line)


def _cell(said: list[str]) -> str:
    text = " / ".join(line.strip("- ") for line in said)
    text = _ROW_LIST.sub("rows: […]", text).replace("|", "\\|")
    return text if len(text) <= SAID else text[:SAID].rsplit(" ", 1)[0] + " …"


def write_page(lines: list[str]) -> None:
    """Put the tables between the page's markers."""
    page = PAGE.read_text("utf-8")
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text(f"{head}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{tail}", "utf-8")


def main() -> None:
    """Compare and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = Path(platformdirs.user_cache_dir("dataset-tools"), PREPARE_DATA.replace("==", "-"))
    parser.add_argument("--environment", type=Path, default=default, help="made if not there")
    parser.add_argument("--megabytes", type=float, default=200, help="of the large clean file")
    options = parser.parse_args()
    command = prepare_data_command(options.environment)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = [f"Measured with {versions(options.environment)}.", ""]
        lines += [*fault_table(command, folder), ""]
        lines += cost_table(command, folder, int(options.megabytes * 1e6))
    write_page(lines)
    print("\n".join(lines))


if __name__ == "__main__":
    main()

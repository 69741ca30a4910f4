r"""How fast `convert` is: CSV, JSON, Parquet and XLSX to JSON Lines, against the bare libraries.

    python benchmarks/convert.py

Each row of the table is one file, made by seed. The baseline reads it with the library that
`convert` reads it with, and writes each row as a line of JSON, no more; `datasets` is
`load_dataset("csv").map(...).to_json()`, which does the work of `convert`. All are processes of
their own, start-up included; each is run by turns, the figures are medians of as many runs as
`--runs` says. Memory is that of all processes together at its peak, less that of
`dataset-tools --version`. Needs the extras tables and hf.
"""

import argparse
import csv
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path

from measured_process import measured
from measured_rows import Row, medians
from training_data import training_records

TEMPLATE = "Question: {question}\n\nAnswer:"
READ_AND_WRITE = {
    "csv": """
import csv, json, sys
csv.field_size_limit(sys.maxsize)
with open(sys.argv[1], newline="", encoding="utf-8") as table, open(sys.argv[2], "w") as lines:
    for row in csv.DictReader(table):
        lines.write(json.dumps(row) + "\\n")
""",
    "json": """
import json, sys
with open(sys.argv[1], "rb") as table, open(sys.argv[2], "w") as lines:
    for row in json.load(table):
        lines.write(json.dumps(row) + "\\n")
""",
    "parquet": """
import json, pyarrow.parquet, sys
with open(sys.argv[2], "w") as lines:
    for batch in pyarrow.parquet.ParquetFile(sys.argv[1]).iter_batches():
        for row in batch.to_pylist():
            lines.write(json.dumps(row) + "\\n")
""",
    "xlsx": """
import json, openpyxl, sys
sheet = openpyxl.load_workbook(sys.argv[1], read_only=True).worksheets[0]
rows = sheet.iter_rows(values_only=True)
header = next(rows)
with open(sys.argv[2], "w") as lines:
    for row in rows:
        lines.write(json.dumps(dict(zip(header, row))) + "\\n")
""",
}

MAP_WITH_DATASETS = """
import datasets, sys, tempfile
datasets.disable_progress_bars()

def to_record(row):
    prompt = f"Question: {row['question']}\\n\\nAnswer:"
    return {"prompt": prompt, "completion": f" {row['answer']}"}

with tempfile.TemporaryDirectory() as cache:  # or the second run would find the first one's work
    rows = datasets.load_dataset("csv", data_files=sys.argv[1], split="train", cache_dir=cache)
    rows = rows.map(to_record, remove_columns=rows.column_names)
    rows.to_json(sys.argv[2])
"""
CONVERT = [
    sys.executable, "-m", "dataset_tools", "convert", "--quiet", "--force",
    "--prompt", TEMPLATE.replace("\n", "\\n"), "--completion", " {answer}",
]  # fmt: skip
LIBRARY_TARGET = 0.5  # of the rate of the library alone, at least
DATASETS_TARGET = 1.0
MEMORY_TARGET = 300.0  # MB over the base
LARGE_BYTES = 1_000_000_000
XLSX_SHARE = 10  # workbooks are slow to read, and nobody has large ones
COLUMNS = ("id", "question", "answer")

TableRow = tuple[str, str, str]


def rows(total_bytes: int, record_bytes: int) -> Iterator[TableRow]:
    """Rows of about so many bytes together, by seed."""
    written = 0
    for number, record in enumerate(training_records(record_bytes), start=1):
        if written >= total_bytes:
            return
        written += len(record.line())
        yield f"{number:08}", record.prompt.strip(), record.completion.strip()


def write_csv(path: Path, table: Iterator[TableRow]) -> None:
    """Write the rows as CSV."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(chain([COLUMNS], table))


def write_json(path: Path, table: Iterator[TableRow]) -> None:
    """Write the rows as one JSON array."""
    with path.open("w", encoding="utf-8") as stream:
        opening = "["
        for row in table:
            stream.write(opening + json.dumps(dict(zip(COLUMNS, row, strict=True))))
            opening = ",\n"
        stream.write("]\n")


def write_parquet(path: Path, table: Iterator[TableRow]) -> None:
    """Write the rows as Parquet."""
    import pyarrow
    import pyarrow.parquet

    schema = pyarrow.schema([(column, pyarrow.string()) for column in COLUMNS])
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        while block := list(islice(table, 10_000)):
            columns = [list(column) for column in zip(*block, strict=True)]
            writer.write_table(pyarrow.table(columns, schema=schema))


def write_xlsx(path: Path, table: Iterator[TableRow]) -> None:
    """Write the rows as a workbook."""
    import openpyxl

    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet()
    for row in chain([COLUMNS], table):
        sheet.append(row)
    workbook.save(path)


WRITERS: dict[str, Callable[[Path, Iterator[TableRow]], None]] = {
    "csv": write_csv,
    "json": write_json,
    "parquet": write_parquet,
    "xlsx": write_xlsx,
}


def speed(folder: Path, total_bytes: int, record_bytes: int, runs: int) -> Iterator[Row]:
    """Each format against its library alone, and CSV against `datasets`."""
    for name, write in WRITERS.items():
        size = total_bytes // XLSX_SHARE if name == "xlsx" else total_bytes
        source, target = folder / f"table.{name}", str(folder / "out.jsonl")
        write(source, rows(size, record_bytes))
        commands = {
            "convert": [*CONVERT, str(source), "-o", target],
            "library": [sys.executable, "-c", READ_AND_WRITE[name], str(source), target],
        }
        if name == "csv":
            commands["datasets"] = [sys.executable, "-c", MAP_WITH_DATASETS, str(source), target]
        times = medians(commands, runs)
        rate = f"{size / 1e6 / times['convert']:.0f} MB/s"
        for baseline, least in (("library", LIBRARY_TARGET), ("datasets", DATASETS_TARGET)):
            if baseline in times:
                yield Row(
                    f"{name}, rows of {record_bytes} B, against {baseline}",
                    times[baseline] / times["convert"],
                    "× rate",
                    least,
                    at_most=False,
                    note=f"{rate}; {times['convert']:.2f} s and {times[baseline]:.2f} s",
                )
        source.unlink()


def memory(folder: Path, sizes: Iterable[int], record_bytes: int) -> Iterator[Row]:
    """The peak over the base, by the size of a CSV file."""
    base = measured([*CONVERT[:3], "--version"], folder / "said").peak_bytes
    for size in sizes:
        source = folder / "table.csv"
        write_csv(source, rows(size, record_bytes))
        run = measured([*CONVERT, str(source), "-o", str(folder / "out.jsonl")], folder / "said")
        if run.exit_code:
            raise SystemExit(f"convert ended with {run.exit_code}: {run.output[-500:]}")
        yield Row(
            f"memory, {size / 1e6:.0f} MB of CSV",
            (run.peak_bytes - base) / 1e6,
            "MB",
            MEMORY_TARGET,
            at_most=True,
            note=f"in {run.seconds:.1f} s; {run.peak_bytes / 1e6:.0f} MB in all",
        )
        source.unlink()


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megabytes", type=float, default=100, help="of each file")
    parser.add_argument("--record-bytes", type=int, nargs="*", default=[300, 3000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--large", action="store_true", help="memory on a file of 1 GB as well")
    parser.add_argument("--folder", type=Path, help="where the data is made; default: temporary")
    options = parser.parse_args()
    total_bytes = int(options.megabytes * 1e6)
    sizes = (total_bytes, LARGE_BYTES) if options.large else (total_bytes,)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        for record_bytes in options.record_bytes:
            for row in speed(Path(name), total_bytes, record_bytes, options.runs):
                print(row, flush=True)
        for row in memory(Path(name), sizes, options.record_bytes[0]):
            print(row, flush=True)


if __name__ == "__main__":
    main()

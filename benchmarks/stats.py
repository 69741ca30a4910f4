"""How fast `dataset-tools stats` is, as ratios to lint and to the tokenizers library.

`python benchmarks/stats.py` makes its data and a tokenizer by seed and prints a table; `--json
FILE` keeps the figures. A ratio is the other's time divided by that of stats on the same file,
whole processes with their start on both sides, median of five, in turn. The other is lint with as
many jobs; or, with a tokenizer, `encode_batch` of the tokenizers library on the texts that stats
counts, with as many threads, loaded through transformers as stats does. Memory is that of all
processes together. The targets stand beside the results.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict
from itertools import islice
from pathlib import Path

from lint import LINT, LINT_ENDS
from measured_process import measured
from measured_rows import Row, medians
from training_data import RECORD_BYTES, training_records, write_training_data

RUNS = 5
JOBS = (1, 2)
LINT_TARGET = 0.5
TOKENIZERS_TARGET = 0.8
MEMORY_TARGET = 250.0  # MB
VOCABULARY_SIZE = 8000
TOKENIZED_SHARE = 0.1  # of the bytes of the other files, since it takes longer
STATS = [sys.executable, "-m", "dataset_tools", "stats", "--quiet"]
ENCODE_BATCH = """
import sys, orjson
from itertools import islice
from transformers import AutoTokenizer
backend = AutoTokenizer.from_pretrained(sys.argv[2]).backend_tokenizer
tokens = 0
with open(sys.argv[1], "rb") as lines:
    while rows := [orjson.loads(line) for line in islice(lines, 10_000)]:
        for key in ("prompt", "completion"):
            texts = [row[key] for row in rows]
            tokens += sum(map(len, backend.encode_batch(texts, add_special_tokens=False)))
print(tokens)
"""


def against_lint(folder: Path, total_bytes: int) -> Iterable[Row]:
    """Files of each record size, by jobs."""
    for record_bytes in RECORD_BYTES:
        path = folder / f"clean-{record_bytes}.jsonl"
        write_training_data(path, total_bytes, record_bytes)
        for jobs in JOBS:
            arguments = ["--jobs", f"{jobs}", str(path)]
            commands = {"lint": [*LINT, *arguments], "stats": [*STATS, *arguments]}
            times = medians(commands, RUNS, LINT_ENDS)
            yield Row(
                f"{record_bytes} B records, --jobs {jobs}",
                times["lint"] / times["stats"],
                "× lint",
                LINT_TARGET,
                at_most=False,
                note=f"{path.stat().st_size / 1e6 / times['stats']:.0f} MB/s",
            )
        path.unlink()


def against_tokenizers(folder: Path, total_bytes: int, record_bytes: int = 1000) -> Iterable[Row]:
    """One file, its tokens counted exactly, by jobs and threads."""
    path, model = folder / "tokens.jsonl", folder / "model"
    write_training_data(path, int(total_bytes * TOKENIZED_SHARE), record_bytes)
    _save_tokenizer(model)
    for jobs in JOBS:
        os.environ.update({"RAYON_NUM_THREADS": f"{jobs}", "TOKENIZERS_PARALLELISM": "true"})
        stats = [*STATS, "--tokenizer", str(model), "--jobs", f"{jobs}", str(path)]
        encode_batch = [sys.executable, "-c", ENCODE_BATCH, str(path), str(model)]
        times = medians({"encode_batch": encode_batch, "stats": stats}, RUNS)
        yield Row(
            f"with a tokenizer, --jobs {jobs}",
            times["encode_batch"] / times["stats"],
            "× encode",
            TOKENIZERS_TARGET,
            at_most=False,
            note=f"{path.stat().st_size / 1e6 / times['stats']:.1f} MB/s",
        )


def _save_tokenizer(folder: Path) -> None:
    """A byte-level BPE tokenizer trained on records like those of the files."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE,
        special_tokens=["</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    records = islice(training_records(1000, seed=1), 2000)
    tokenizer.train_from_iterator((each.prompt + each.completion for each in records), trainer)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>").save_pretrained(folder)


def memory(folder: Path, total_bytes: int) -> Iterable[Row]:
    """Peak memory by file size, with the smallest records, of which a file holds most."""
    for size in (total_bytes // 4, total_bytes):
        path = folder / "memory.jsonl"
        count = write_training_data(path, size, RECORD_BYTES[0])
        run = measured([*STATS, "--jobs", "2", str(path)], folder / "report")
        if run.exit_code:
            raise SystemExit(f"stats ended with {run.exit_code}: {run.output[-500:]}")
        yield Row(
            f"memory, {size / 1e6:.0f} MB file, --jobs 2",
            run.peak_bytes / 1e6,
            "MB",
            MEMORY_TARGET,
            at_most=True,
            note=f"{count} records in {run.seconds:.1f} s",
        )
        path.unlink()


def main() -> None:
    """Measure, print the table, and keep the figures if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megabytes", type=float, default=200, help="of each file")
    parser.add_argument("--only", choices=["lint", "tokenizers", "memory"])
    parser.add_argument("--folder", type=Path, help="where the data is made; default: temporary")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    options = parser.parse_args()
    total_bytes = int(options.megabytes * 1e6)
    parts: dict[str, Callable[[Path, int], Iterable[Row]]] = {
        "lint": against_lint,
        "tokenizers": against_tokenizers,
        "memory": memory,
    }
    rows: list[Row] = []
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        for part, measure in parts.items():
            if options.only in (None, part):
                for row in measure(Path(name), total_bytes):
                    rows.append(row)
                    print(row, flush=True)
    if options.json:
        figures = [asdict(row) | {"verdict": row.verdict} for row in rows]
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()

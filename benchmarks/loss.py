"""What `prompt_loss_weight` costs: step time and peak memory against stock Axolotl.

`python benchmarks/loss.py` makes a small Llama with random weights for each vocabulary, trains it
by `axolotl train` with LoRA on packs of 2,048 tokens, three quarters of them prompt, and prints a
table; `--gpu` does so with the shape of Llama-2-7B, QLoRA and 4,096 tokens. Stock Axolotl masks the
prompt (weight 0) or trains it (weight 1, to which 0.1 is compared too); ReplicateInputsPlugin reads
the same data in all runs.

Every measurement is an `axolotl train` in a process of its own, forked from one that has imported
Axolotl and computed nothing. Ways take turns, `--rounds` times; times are medians over the steps of
a round, and the ratio is the median over rounds of ours to stock in the same round, so that a busy
machine slows both alike; beside it stands the ratio of processor time, which other people's work
lengthens less. A run's first step is left out. Memory is the peak of the resident set while
training, inherited pages included, as a process started afresh would have it; in brackets stands
how much came on top of the loaded model.
"""

import argparse
import importlib
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from random_llama import (
    LLAMA_2_7B,
    RECORDS_PER_PACK,
    Shape,
    save_random_llama,
    small_shape,
    write_records,
)
from step_costs import OUTPUT

VOCABULARIES = (32_000, 128_256)
TOKENS = 2048
GPU_TOKENS = 4096
TIME_TARGET = 1.02  # times stock Axolotl, at most
MEMORY_TARGET = 1.00
REPOSITORY = Path(__file__).parents[1]


@dataclass(frozen=True)
class Way:
    """One way to train: stock Axolotl where `fusion` is None."""

    weight: float
    fusion: str | None = None

    @property
    def name(self) -> str:
        return f"weight {self.weight:g}, {f'fusion {self.fusion}' if self.fusion else 'stock'}"

    @property
    def stock(self) -> "Way":
        """What this way is compared to."""
        return Way(0 if self.weight == 0 else 1)

    @property
    def keys(self) -> dict[str, object]:
        """Its part of the recipe."""
        plugins = ["axolotl_replicate.ReplicateInputsPlugin", "step_costs.StepCostsPlugin"]
        keys: dict[str, object] = {"prompt_loss_weight": self.weight, "plugins": plugins}
        if self.fusion:
            plugins.insert(1, "axolotl_replicate.PromptLossWeightPlugin")
            keys["prompt_loss_fusion"] = self.fusion
        return keys


@dataclass(frozen=True)
class Costs:
    """What a run cost, as `step_costs` wrote it down."""

    seconds: Sequence[float]
    processor_seconds: Sequence[float]
    baseline_bytes: int
    peak_bytes: int

    @property
    def step(self) -> float:
        return statistics.median(self.seconds)

    @property
    def processor_step(self) -> float:
        return statistics.median(self.processor_seconds)


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    setting: str
    way: str
    step_seconds: float
    peak_megabytes: float
    added_megabytes: float
    time_ratio: float | None = None
    processor_ratio: float | None = None
    memory_ratio: float | None = None

    @property
    def verdict(self) -> str:
        if self.time_ratio is None or self.memory_ratio is None:
            return ""
        reached = self.time_ratio <= TIME_TARGET and self.memory_ratio <= MEMORY_TARGET
        return "reached" if reached else "MISSED"


def ways(fusions: Sequence[str]) -> list[Way]:
    """Stock Axolotl's two, and ours."""
    ours = [Way(weight, fusion) for weight in (0, 0.1, 1) for fusion in fusions]
    return [Way(0), Way(1), *ours]


def start_axolotl() -> Any:
    """The process to fork runs from: that of the tests."""
    sys.path.append(str(REPOSITORY / "tests" / "train"))
    warm = importlib.import_module("warm_axolotl")
    paths = [REPOSITORY / "benchmarks", REPOSITORY, REPOSITORY / "plugin"]
    return warm.WarmAxolotl(
        {
            "OMP_NUM_THREADS": str(os.cpu_count()),
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join([*map(str, paths), os.environ.get("PYTHONPATH", "")]),
            "HF_HUB_OFFLINE": "1",
            "AXOLOTL_DO_NOT_TRACK": "1",
        }
    )


def run(axolotl: Any, folder: Path, way: Way, recipe: dict[str, object]) -> Costs:
    """Train once; raises SystemExit where the training fails."""
    path, costs = folder / "recipe.yaml", folder / "costs.json"
    path.write_text(json.dumps(recipe | way.keys))  # JSON is YAML
    exit_code, output = axolotl.run(
        ["train", str(path), "--launcher", "python"], folder, {OUTPUT: str(costs)}
    )
    if exit_code != 0:
        raise SystemExit(f"{way.name}: exit code {exit_code}\n{output[-3000:]}")
    return Costs(**json.loads(costs.read_text()))


def measure(
    axolotl: Any,
    folder: Path,
    shape: Shape,
    tokens: int,
    fusions: Sequence[str],
    steps: int,
    rounds: int,
) -> Iterator[Row]:
    """All ways on one model."""
    save_random_llama(folder / "model", shape)
    write_records(folder / "data.jsonl", RECORDS_PER_PACK * steps, tokens, shape.vocabulary)
    on_gpu = shape.half_precision
    recipe = {
        "base_model": str(folder / "model"),
        "train_data": str(folder / "data.jsonl"),
        "run_validation": False,
        "chunk_size": tokens,
        "pack_sequences": True,
        "train_batch_size": 1,
        "micro_batch_size": 1,
        "max_steps": steps,
        "num_train_epochs": 2,
        "peft_method": "qlora" if on_gpu else "lora",
        "bf16": on_gpu,
        "gradient_checkpointing": on_gpu,
        "attn_implementation": "sdpa",
        "logging_steps": 1,
        "save_strategy": "no",
        "dataset_num_proc": 1,
        "output_dir": str(folder / "out"),
        "dataset_prepared_path": str(folder / "prepared"),
    }
    found: dict[Way, list[Costs]] = {way: [] for way in ways(fusions)}
    for number in range(rounds):
        for way, costs in found.items():
            costs.append(run(axolotl, folder, way, recipe))
            took = costs[-1]
            done = (
                f"round {number + 1}, {way.name}: {took.step:.2f} s a step, "
                f"{took.processor_step:.2f} s of processors, peak {took.peak_bytes / 1e6:.0f} MB, "
                f"load {_load()}"
            )
            print(done, file=sys.stderr, flush=True)
    setting = f"{shape.vocabulary:,} words, {tokens:,} tokens"
    for way, costs in found.items():
        yield _row(setting, way, costs, found[way.stock])


def _row(setting: str, way: Way, costs: Sequence[Costs], stock: Sequence[Costs]) -> Row:
    row = Row(
        setting,
        way.name,
        statistics.median(each.step for each in costs),
        statistics.median(each.peak_bytes for each in costs) / 1e6,
        statistics.median(each.peak_bytes - each.baseline_bytes for each in costs) / 1e6,
    )
    if way.fusion is None:
        return row
    pairs = list(zip(costs, stock, strict=True))
    return replace(
        row,
        time_ratio=statistics.median(a.step / b.step for a, b in pairs),
        processor_ratio=statistics.median(a.processor_step / b.processor_step for a, b in pairs),
        memory_ratio=statistics.median(a.peak_bytes / b.peak_bytes for a, b in pairs),
    )


def main() -> None:
    """Measure, print the table, and keep the figures if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--gpu", action="store_true", help="Llama-2-7B's shape on a GPU instead")
    parser.add_argument("--vocabulary", type=int, choices=VOCABULARIES, help="only this one")
    parser.add_argument("--steps", type=int, default=8, help="of each run, at least 2")
    parser.add_argument("--rounds", type=int, default=3, help="how often the ways take turns")
    parser.add_argument("--folder", type=Path, help="where models are made; default: temporary")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    options = parser.parse_args()
    shapes = [LLAMA_2_7B] if options.gpu else list(map(small_shape, VOCABULARIES))
    tokens = GPU_TOKENS if options.gpu else TOKENS
    fusions = ("auto", "torch", "none") if options.gpu else ("torch", "none")
    rows: list[Row] = []
    axolotl = start_axolotl()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {_load()}")
    for shape in shapes:
        if options.vocabulary in (None, shape.vocabulary):
            with tempfile.TemporaryDirectory(dir=options.folder) as name:
                for row in measure(
                    axolotl, Path(name), shape, tokens, fusions, options.steps, options.rounds
                ):
                    rows.append(row)
                    print(_line(row), flush=True)
    axolotl.close()
    print(f"load {_load()}")
    if options.json:
        figures = [asdict(row) | {"verdict": row.verdict} for row in rows]
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


def _line(row: Row) -> str:
    ratios = (
        ""
        if row.time_ratio is None or row.memory_ratio is None
        else f"time {row.time_ratio:.3f} × (≤ {TIME_TARGET:g})  "
        f"processor {row.processor_ratio:.3f} ×  "
        f"memory {row.memory_ratio:.3f} × (≤ {MEMORY_TARGET:g})  {row.verdict}"
    )
    return (
        f"{row.setting:<29} {row.way:<26} {row.step_seconds:7.2f} s {row.peak_megabytes:8.0f} MB "
        f"(+{row.added_megabytes:.0f})  {ratios}"
    ).rstrip()


if __name__ == "__main__":
    main()

"""What `prompt_loss_weight` does to the loss on held-out completions: one small model, measured.

`python benchmarks/prompt_loss_weight.py` makes model and data (as `make demo` does), trains
recipes/smollm2-python-docstrings.yaml with `axolotl train` once for each weight and seed, writes
docs/figures/prompt-loss-weight.json and .svg, and prints a table. What the file holds already is
not trained again; `--only-plot` trains nothing. A seed sets the LoRA weights, dropout and the order
of the records, the same for every weight, so weights are best compared within a seed.

The loss is `eval_completion_loss`: the mean, in nats, over all completion tokens (EOS included) of
64 held-out records. Needs the extras train, demo and dev.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1] / "tests" / "train"))

from warm_axolotl import WarmAxolotl

REPOSITORY = Path(__file__).resolve().parents[1]
RECIPE = REPOSITORY / "recipes" / "smollm2-python-docstrings.yaml"
WORK = REPOSITORY / "outputs" / "prompt-loss-weight"
FIGURES = REPOSITORY / "docs" / "figures"
WEIGHTS = (0, 0.01, 0.1, 0.5, 1)
SEEDS = (1, 2, 3)
STEPS = 30
# Beside these the recipe is the demo's. Records are short: a packed row of 256 tokens holds seven
# or eight, without padding. A step of LoRA in float32 took as long as one of QLoRA on a CPU.
CHANGES = {
    "plugins": [
        "axolotl_replicate.ReplicateInputsPlugin",
        "axolotl_replicate.PromptLossWeightPlugin",
    ],
    "peft_method": "lora",
    "lora_dropout": 0.05,
    "pack_sequences": True,
    "chunk_size": 256,
    "train_batch_size": 1,
    "micro_batch_size": 1,
    "validation_batch_size": 1,
    "max_steps": STEPS,
    "warmup_steps": 3,
    "eval_steps": STEPS,
    "save_strategy": "steps",  # after the evaluation, so that trainer_state.json holds it
    "save_steps": STEPS,
    "save_only_model": True,
    "dataset_num_proc": 1,
}
METRICS = ("completion_loss", "prompt_loss", "completion_token_accuracy")


@dataclass(frozen=True, slots=True)
class Run:
    """One training and what its last evaluation says."""

    weight: float
    seed: int
    completion_loss: float
    prompt_loss: float
    completion_token_accuracy: float
    seconds: float  # training and two evaluations


def main() -> None:
    """Train what is missing, write the figures, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only-plot", action="store_true", help="draw from the JSON file")
    parser.add_argument(
        "--output",
        type=Path,
        default=FIGURES / "prompt-loss-weight.json",
        help="where results are kept; the figure stands beside it (default: %(default)s)",
    )
    options = parser.parse_args()
    if find_spec("matplotlib") is None:
        sys.exit("matplotlib is missing, expected before training: pip install '.[dev]'")
    results = read_results(options.output)
    if not options.only_plot:
        train_missing(results, options.output)
    if not results["runs"]:
        sys.exit(f"{options.output}: no results yet; run without --only-plot")
    draw(results, options.output.with_suffix(".svg"))
    print(table(results))


def settings() -> dict[str, Any]:
    """What the results depend on beside weight and seed."""
    return {"recipe": RECIPE.name, "steps": STEPS, "changes": CHANGES}


def read_results(path: Path) -> dict[str, Any]:
    """The results so far; ends the program where they were measured with other settings."""
    if not path.exists():
        return {"settings": settings(), "machine": machine(), "before": None, "runs": []}
    results: dict[str, Any] = json.loads(path.read_text())
    if results["settings"] != settings():
        sys.exit(f"{path}: measured with other settings; remove it, or give another --output")
    return results


def machine() -> dict[str, Any]:
    """What the machine is, as far as a reader needs it to judge the times."""
    return {"cores": os.cpu_count(), "gpu": False, "python": platform.python_version()}


def train_missing(results: dict[str, Any], path: Path) -> None:
    """Train each weight and seed without a result, and keep each result as it comes."""
    done = {(run["weight"], run["seed"]) for run in results["runs"]}
    missing = [(weight, seed) for seed in SEEDS for weight in WEIGHTS if (weight, seed) not in done]
    if not missing:
        return
    for script in ("fetch_model.py", "make_dataset.py"):
        subprocess.run([sys.executable, REPOSITORY / "demo" / script], check=True)
    WORK.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "AXOLOTL_DO_NOT_TRACK": "1",
        "AXOLOTL_REPLICATE_CACHE": str(WORK / "cache"),
        "CUDA_VISIBLE_DEVICES": "",  # the same arithmetic everywhere
    }
    axolotl = WarmAxolotl(environment)
    for weight, seed in missing:
        before, run = train(axolotl, weight, seed)
        if results["before"] not in (None, before):
            sys.exit(f"{path}: the model before training was another; remove the file")
        results["before"] = before
        results["runs"] = sorted(
            [*results["runs"], asdict(run)], key=lambda each: (each["weight"], each["seed"])
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(results, indent=2) + "\n")
        print(f"{time.strftime('%X')} {run}", flush=True)
    axolotl.close()


def train(axolotl: WarmAxolotl, weight: float, seed: int) -> tuple[dict[str, float], Run]:
    """Metrics before training, and the run; ends the program with the log's end where it fails."""
    import yaml

    folder = WORK / f"weight-{weight}-seed-{seed}"
    folder.mkdir(exist_ok=True)
    recipe = {
        **yaml.safe_load(RECIPE.read_text()),
        **CHANGES,
        "prompt_loss_weight": weight,
        "seed": seed,
        "output_dir": str(folder / "adapter"),
        "dataset_prepared_path": str(WORK / "prepared"),
    }
    for key in ("base_model", "train_data", "validation_data"):
        recipe[key] = str(REPOSITORY / recipe[key])
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe))
    start = time.monotonic()
    exit_code, log = axolotl.run(["train", str(path), "--launcher", "python"], folder, {})
    seconds = round(time.monotonic() - start)
    if exit_code:
        sys.exit(f"{path}: axolotl ended with exit code {exit_code}\n{log[-3000:]}")
    checkpoint = folder / "adapter" / f"checkpoint-{STEPS}"
    state = json.loads((checkpoint / "trainer_state.json").read_text())
    evaluations = [entry for entry in state["log_history"] if "eval_completion_loss" in entry]
    if [entry["step"] for entry in evaluations] != [0, STEPS]:
        sys.exit(f"{path}: expected evaluations at step 0 and {STEPS}, found {evaluations}")
    return metrics(evaluations[0]), Run(weight, seed, **metrics(evaluations[1]), seconds=seconds)


def metrics(entry: Mapping[str, float]) -> dict[str, float]:
    """The metrics of one evaluation, rounded well below what seeds differ by."""
    return {name: round(entry[f"eval_{name}"], 5) for name in METRICS}


def by_weight(runs: Sequence[Mapping[str, float]], metric: str) -> dict[float, list[float]]:
    """A metric's values for each weight that has been run, in the order of seeds."""
    found: dict[float, list[float]] = {}
    for run in runs:
        found.setdefault(run["weight"], []).append(run[metric])
    return found


def draw(results: Mapping[str, Any], path: Path) -> None:
    """Write the figure: each seed's losses joined by a thin line, the means by a thick one."""
    import matplotlib as mpl
    from matplotlib import pyplot

    mpl.rcParams.update({"svg.hashsalt": path.stem, "svg.fonttype": "none"})  # same data, same file
    losses = by_weight(results["runs"], "completion_loss")
    places = range(len(losses))
    figure, axes = pyplot.subplots(figsize=(6, 3.6), layout="constrained")
    for index, of_seed in enumerate(zip(*losses.values(), strict=False)):
        label = "one seed, same data order at every weight" if index == 0 else None
        axes.plot(places, of_seed, "o-", color="0.6", linewidth=0.8, markersize=4, label=label)
    means = [statistics.mean(values) for values in losses.values()]
    axes.plot(places, means, "s-", color="tab:blue", linewidth=2, label="mean of the seeds")
    axes.set_xticks(places, [f"{weight:g}" for weight in losses])
    axes.set_xlabel("prompt_loss_weight (not to scale)")
    axes.set_ylabel("held-out completion loss (nats a token)")
    axes.grid(axis="y", linewidth=0.4)
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})


def table(results: Mapping[str, Any]) -> str:
    """What the page shows: means over the seeds, and each seed's completion loss."""
    runs = results["runs"]
    columns = {metric: by_weight(runs, metric) for metric in METRICS}
    seeds = sorted({run["seed"] for run in runs})
    header = [
        "weight",
        "completion loss",
        *(f"seed {seed}" for seed in seeds),
        "prompt loss",
        "token accuracy",
    ]
    before = [f"{results['before'][metric]:.3f}" for metric in METRICS]
    rows = [
        header,
        ["---"] * len(header),
        ["untrained", before[0], *("" for _ in seeds), *before[1:]],
    ]
    for weight, losses in columns["completion_loss"].items():
        means = [f"{statistics.mean(columns[metric][weight]):.3f}" for metric in METRICS]
        rows.append([f"{weight:g}", means[0], *(f"{loss:.3f}" for loss in losses), *means[1:]])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    main()

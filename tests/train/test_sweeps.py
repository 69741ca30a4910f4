"""`axolotl train --sweep` over our keys trains every combination with its own values."""

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from train.conftest import REPOSITORY, Lab

from dataset_tools.recipe import LOSS_PLUGIN
from dataset_tools.recipe_keys import RECIPE_KEYS

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

SWEEPS = sorted((REPOSITORY / "recipes" / "sweeps").glob("*.yaml"))
GRID = REPOSITORY / "recipes" / "sweeps" / "prompt-loss-weight-by-rank.yaml"
PLUGINS = ["axolotl_replicate.ReplicateInputsPlugin", LOSS_PLUGIN]
ROWS = [{"prompt": f"Say {n} words", "completion": f" {'word ' * n}."} for n in range(1, 13)]


@pytest.mark.parametrize("sweep", SWEEPS, ids=lambda path: path.stem)
def test_a_sweep_lists_values_that_its_keys_may_have(sweep: Path) -> None:
    """Each sweep has a header, and lists of sound values for keys of ours."""
    text = sweep.read_text()

    assert "# Launch:  axolotl train" in text
    for name, values in yaml.safe_load(text).items():
        assert values == [RECIPE_KEYS[name].read(value) for value in values]


def test_each_combination_trains_with_its_own_values(
    lab: Lab, write_rows: Callable[..., Path]
) -> None:
    """Every pair has an adapter of its rank, and a first loss that counts prompts by its weight."""
    write_rows(ROWS)
    recipe = lab.write_recipe(
        plugins=PLUGINS,
        train_data="data.jsonl",  # relative to where axolotl is called, not to a run's own recipe
        output_dir="out",
        dataset_prepared_path="prepared",
        run_validation=False,
        chunk_size=64,
        save_strategy="steps",
        save_steps=2,
    )

    finished = lab.axolotl("train", str(recipe), "--launcher", "python", "--sweep", str(GRID))

    assert finished.exit_code == 0, finished.output
    grid = yaml.safe_load(GRID.read_text())
    runs = {used_values(folder): first_losses(folder) for folder in lab.folder.glob("out/sweep*")}
    assert runs.keys() == set(product(grid["prompt_loss_weight"], grid["lora_rank"]))
    for (weight, rank), logged in runs.items():
        # an adapter starts as zero, so every run sees the same losses at its first step; with all
        # tokens at weight 1 they tell what share of the tokens are prompts
        prompt, completion = logged["prompt_loss"], logged["completion_loss"]
        share = (runs[1, rank]["loss"] - completion) / (prompt - completion)
        weights = weight * share, 1 - share
        expected = (weights[0] * prompt + weights[1] * completion) / sum(weights)
        assert logged["loss"] == pytest.approx(expected, abs=1e-5)


def used_values(folder: Path) -> tuple[float, int]:
    """The weight that the run's own recipe had, and the rank of the adapter that it saved.

    Runs of one process collect their recipes in the model card; the last is the run's own.
    """
    card = (folder / "README.md").read_text().splitlines()
    weights = [line.partition(":")[2] for line in card if line.startswith("prompt_loss_weight:")]
    return float(weights[-1]), json.loads((folder / "adapter_config.json").read_text())["r"]


def first_losses(folder: Path) -> dict[str, Any]:
    """What the run logged at its first step."""
    state = json.loads((folder / "checkpoint-2" / "trainer_state.json").read_text())
    logged: dict[str, Any] = state["log_history"][0]
    return logged

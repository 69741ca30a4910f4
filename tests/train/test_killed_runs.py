"""A run that is killed leaves what a resumed run needs, and nothing half-written."""

import json
import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from train.conftest import Lab

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

INPUTS = "axolotl_replicate.ReplicateInputsPlugin"
WEIGHTED = "axolotl_replicate.PromptLossWeightPlugin"
KILLER = "train.killing_plugin.KillingPlugin"
ROWS = [{"prompt": f"Say {n} words", "completion": f" {'word ' * (n % 7)}."} for n in range(1, 13)]
STEPS, SAVED_AT = 5, 2


def logged_in(lab: Lab, output_dir: str) -> set[tuple[Any, ...]]:
    """Step, name and value of every loss that the last checkpoint of a run has on record.

    A set: a resumed run begins by evaluating what the checkpoint has on record already.
    """
    state = lab.folder / output_dir / f"checkpoint-{STEPS}" / "trainer_state.json"
    return {
        (entry["step"], name, value)
        for entry in json.loads(state.read_text())["log_history"]
        for name, value in entry.items()
        if name.endswith(("loss", "norm"))
    }


@pytest.mark.parametrize("plugins", [[INPUTS], [INPUTS, WEIGHTED]], ids=["plain", "weighted"])
def test_a_killed_run_resumes_as_if_it_had_gone_through(
    plugins: list[str], lab: Lab, write_rows: Callable[..., Path]
) -> None:
    """Killed after step 3 and resumed from step 2: the losses are those of a run without either."""
    keys: dict[str, Any] = {
        "train_data": str(write_rows(ROWS)),
        "num_validation_samples": 3,
        "eval_strategy": "steps",
        "eval_steps": 1,
        "train_batch_size": 4,
        "micro_batch_size": 2,
        "max_steps": STEPS,
        "num_train_epochs": STEPS,
        "save_steps": SAVED_AT,
        "chunk_size": 64,
        "lora_dropout": 0.2,
        "warmup_steps": 1,
        "learning_rate": 0.01,
    }
    whole = lab.train(lab.write_recipe(plugins=plugins, **keys))
    assert whole.exit_code == 0, whole.output
    keys["output_dir"] = str(lab.folder / "killed")

    killed = lab.train(lab.write_recipe(plugins=[*plugins, KILLER], **keys))
    checkpoint = lab.folder / "killed" / f"checkpoint-{SAVED_AT}"
    resumed = lab.train(
        lab.write_recipe(plugins=plugins, resume_from_checkpoint=str(checkpoint), **keys)
    )

    assert killed.exit_code == -signal.SIGKILL, killed.output
    assert resumed.exit_code == 0, resumed.output
    assert logged_in(lab, "out") == logged_in(lab, "killed")
    weights = [
        (lab.folder / name / "adapter_model.safetensors").read_bytes() for name in ("out", "killed")
    ]
    assert weights[0] == weights[1]


def test_data_is_stored_whole_or_not_at_all(
    tmp_path: Path, write_rows: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while it stores the data, a run leaves no file that the next would take for whole."""
    from axolotl_replicate.inputs.training_data import prepare_training_data
    from dataset_tools.recipe import data_settings
    from dataset_tools.recipe_keys import read_keys

    monkeypatch.setenv("AXOLOTL_REPLICATE_CACHE", str(tmp_path / "cache"))
    recipe = {"train_data": str(write_rows(ROWS)), "run_validation": False}
    settings, values = data_settings(recipe), read_keys(recipe)

    def be_killed(_: int) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def store_and_be_killed() -> None:
        os.fsync = be_killed  # type: ignore[assignment]  # called when all bytes are written
        prepare_training_data(settings, values)

    process = multiprocessing.get_context("fork").Process(target=store_and_be_killed)
    process.start()
    process.join(60)
    left = sorted((tmp_path / "cache" / "training-data").glob("*.jsonl"))
    stored = prepare_training_data(settings, values).training.path

    assert process.exitcode == -signal.SIGKILL
    assert left == []
    assert len(stored.read_bytes().splitlines()) == len(ROWS)

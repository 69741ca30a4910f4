"""Under Ray the driver reads the recipe, and workers on other machines train what it has read."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from train.conftest import ENVIRONMENT, Lab

from dataset_tools.errors import InputError

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

ROWS = [{"prompt": f"Say {n} words", "completion": f" {'word ' * (n % 7)}."} for n in range(1, 21)]
PLUGINS = ["axolotl_replicate.ReplicateInputsPlugin", "axolotl_replicate.PromptLossWeightPlugin"]


@pytest.fixture
def ray_recipe(lab: Lab, write_rows: Callable[..., Path]) -> Callable[..., Path]:
    """Writes a recipe that trains on Ray."""

    def write(**keys: Any) -> Path:
        defaults = {
            "train_data": str(write_rows(ROWS)),
            "use_ray": True,
            "num_validation_samples": 4,
            "train_batch_size": 8,
            "micro_batch_size": 2,
            "chunk_size": 64,
        }
        return lab.write_recipe(**{**defaults, **keys})

    return write


@pytest.fixture
def read_on_driver(
    lab: Lab, ray_recipe: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, Any]]:
    """Applies our keys to a recipe as the driver does."""
    monkeypatch.setenv("AXOLOTL_REPLICATE_CACHE", str(lab.folder / "cache"))

    def read(**keys: Any) -> dict[str, Any]:
        from axolotl_replicate.inputs.registration import apply_inputs

        cfg: dict[str, Any] = yaml.safe_load(ray_recipe(**keys).read_text())
        apply_inputs(cfg)
        return cfg

    return read


def test_the_driver_counts_rays_workers(read_on_driver: Callable[..., dict[str, Any]]) -> None:
    """The steps of a batch are shared by as many processes as Ray will start."""
    assert [
        read_on_driver(ray_num_workers=workers)["gradient_accumulation_steps"]
        for workers in (None, 1, 2, 4)
    ] == [4, 4, 2, 1]


def test_the_driver_leaves_the_machine_to_the_workers(
    read_on_driver: Callable[..., dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    """A driver without a GPU changes nothing for workers that may have one; a worker does."""
    from axolotl_replicate.inputs.registration import apply_inputs

    cfg = read_on_driver()
    on_driver, said_by_driver = dict(cfg), capsys.readouterr().err
    apply_inputs(cfg)

    assert "optimizer" not in on_driver
    assert "no CUDA device" not in said_by_driver
    assert cfg["optimizer"] == "adamw_torch"
    assert "training on" not in capsys.readouterr().err
    assert cfg["datasets"] == on_driver["datasets"]


def test_a_worker_without_the_drivers_files_says_so(
    lab: Lab, read_on_driver: Callable[..., dict[str, Any]]
) -> None:
    """Data stored on a disk that a worker does not have ends it with what to do about it."""
    from axolotl_replicate.inputs.registration import apply_inputs

    cfg = read_on_driver()
    for path in (lab.folder / "cache" / "training-data").glob("*.jsonl"):
        path.unlink()

    with pytest.raises(InputError, match="AXOLOTL_REPLICATE_CACHE to a folder that all machines"):
        apply_inputs(cfg)


def test_a_worker_trains_what_the_driver_has_validated(
    lab: Lab, ray_recipe: Callable[..., Path]
) -> None:
    """The function Axolotl calls on a worker takes the driver's configuration, and trains it."""
    recipe = ray_recipe(plugins=PLUGINS, prompt_loss_weight=0.3)

    finished = subprocess.run(
        [sys.executable, Path(__file__).with_name("ray_worker.py"), str(recipe)],
        cwd=lab.folder,
        env={**ENVIRONMENT, "AXOLOTL_REPLICATE_CACHE": str(lab.folder / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode == 0, finished.stderr
    changed = json.loads(finished.stdout.splitlines()[-1])
    ours = {"datasets", "test_datasets", "train_on_inputs", "prompt_loss_weight", "learning_rate"}
    assert ours & set(changed) == set()
    assert changed["optimizer"] == "adamw_torch"
    by_driver, by_worker = finished.stderr.split("the worker starts")
    assert by_driver.count("training on 16 records") == 1
    assert "no CUDA device" not in by_driver
    assert "training on" not in by_worker
    assert (lab.folder / "out" / "adapter_model.safetensors").is_file()

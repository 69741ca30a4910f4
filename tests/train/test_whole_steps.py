"""What a step trains on, and its loss, do not depend on micro-batches, packs or processes."""

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from train.conftest import Finished, Lab

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

INPUTS = "axolotl_replicate.ReplicateInputsPlugin"
WEIGHTED = "axolotl_replicate.PromptLossWeightPlugin"
LOSSES: dict[str, dict[str, Any]] = {
    "stock loss": {"plugins": [INPUTS], "prompt_loss_weight": 1},
    "weighted loss": {"plugins": [INPUTS, WEIGHTED], "prompt_loss_weight": 0.3},
}
# 17 records in steps of 8: the last step of an epoch has one, which two processes cannot share
ROWS = [
    {
        "prompt": f"Question {n}: " + "why " * (n % 5),
        "completion": "Because " + "is " * (3 * n % 17),
    }
    for n in range(1, 18)
]
STEPS = 6  # 2 epochs of 8 + 8 + 1
SAME = 1e-5  # relative, in float32

Trained = Callable[..., tuple[Finished, list[dict[str, float]]]]


@pytest.fixture
def trained(lab: Lab, write_rows: Callable[..., Path]) -> Trained:
    """Trains the rows in a fresh folder; returns the run and what it logged, step by step."""

    def train(
        rows: list[dict[str, Any]] = ROWS, *, processes: int = 1, **keys: Any
    ) -> tuple[Finished, list[dict[str, float]]]:
        shutil.rmtree(lab.folder / "out", ignore_errors=True)
        defaults = {
            "train_data": str(write_rows(rows)),
            "run_validation": False,
            "max_steps": None,
            "num_train_epochs": 2,
            "train_batch_size": 8,
            "chunk_size": 64,
            "learning_rate": 0.01,
            "lora_dropout": 0.0,
            "prompt_loss_weight": 0,
        }
        recipe = lab.write_recipe(**{**defaults, **keys})
        if processes == 1:
            finished = lab.train(recipe)
        else:
            finished = lab.axolotl_from_shell(
                "train", str(recipe), "--launcher", "torchrun", "--", "--nproc-per-node",
                str(processes),
            )  # fmt: skip
        assert finished.exit_code == 0, finished.output
        return finished, list(losses(lab.folder / "out"))

    return train


def losses(output_dir: Path) -> Iterator[dict[str, float]]:
    """Loss and gradient norm of each step, as the last checkpoint has them on record."""
    state = max(
        output_dir.glob("checkpoint-*/trainer_state.json"), key=lambda path: path.stat().st_mtime
    )
    for entry in json.loads(state.read_text())["log_history"]:
        if "loss" in entry:
            yield {name: entry[name] for name in ("loss", "grad_norm", "learning_rate")}


def assert_same(expected: list[dict[str, float]], actual: list[dict[str, float]]) -> None:
    assert len(expected) == len(actual)
    for wanted, found in zip(expected, actual, strict=True):
        assert wanted == pytest.approx(found, rel=SAME)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_micro_batches_and_processes_do_not_change_a_step(
    loss: dict[str, Any], trained: Trained
) -> None:
    """Every step of two epochs has the same loss, gradient and rate, the short last ones too."""
    finished, whole = trained(**loss, micro_batch_size=8)

    assert len(whole) == STEPS
    assert any("17 records" in line and "6 steps" in line for line in finished.own_lines)
    for split in ({"micro_batch_size": 1}, {"micro_batch_size": 2}, {"micro_batch_size": 4}):
        assert_same(whole, trained(**loss, **split)[1])
    if loss == LOSSES["stock loss"]:
        assert_same(whole, trained(**loss, micro_batch_size=2, processes=2)[1])


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("wrap", [False, True], ids=["packed", "wrapped"])
def test_packs_do_not_change_with_micro_batches_and_processes(
    wrap: bool, loss: dict[str, Any], trained: Trained
) -> None:
    """All packs of an epoch are trained, the last one too, however they are divided."""
    keys = {
        **loss,
        "pack_sequences": True,
        "wrap_packed_sequences": wrap,
        "train_batch_size": 4,
    }
    finished, whole = trained(micro_batch_size=4, **keys)

    (said,) = [line for line in finished.own_lines if "packs" in line]
    assert "17 records" in said
    packs = int(said.partition(" in ")[2].split()[0])
    assert packs % 4 != 0  # the last step is a short one
    assert len(whole) == 2 * -(-packs // 4)
    assert_same(whole, trained(micro_batch_size=1, **keys)[1])
    if loss == LOSSES["weighted loss"] and not wrap:
        assert_same(whole, trained(micro_batch_size=2, processes=2, **keys)[1])


def test_packing_changes_only_which_records_share_a_step(trained: Trained) -> None:
    """All records in one step have the same loss packed as unpacked: none sees another."""
    keys = {"train_batch_size": 17, "num_train_epochs": 1}
    unpacked = trained(micro_batch_size=17, **keys)[1]

    packed = trained(micro_batch_size=1, pack_sequences=True, **keys)[1]

    assert_same(unpacked, packed)


def test_evaluate_measures_the_records_in_packs(lab: Lab, write_rows: Callable[..., Path]) -> None:
    """`axolotl evaluate` gives training data the same loss packed as unpacked."""
    measured = []
    for packed in (False, True):
        recipe = lab.write_recipe(
            plugins=[INPUTS, WEIGHTED],
            train_data=str(write_rows(ROWS)),
            num_validation_samples=2,
            chunk_size=64,
            pack_sequences=packed,
        )
        finished = lab.axolotl("evaluate", str(recipe), "--launcher", "python")
        assert finished.exit_code == 0, finished.output
        with (lab.folder / "out" / "eval_summary.csv").open() as summary:
            (row,) = [row for row in csv.DictReader(summary) if row["metric"] == "loss"]
        measured.append([float(row[split]) for split in ("training", "validation")])

    unpacked, packed_too = measured
    assert unpacked == pytest.approx(packed_too, rel=SAME)


def test_two_processes_resume_within_an_epoch(trained: Trained, lab: Lab) -> None:
    """Resumed after the first step of the second epoch, they go on as if nothing had been."""
    keys = {"micro_batch_size": 2, "save_steps": 2}
    _, whole = trained(processes=2, **keys)
    checkpoint = lab.folder / "kept" / "checkpoint-4"
    checkpoint.parent.mkdir()
    (lab.folder / "out" / "checkpoint-4").rename(checkpoint)

    _, resumed = trained(processes=2, resume_from_checkpoint=str(checkpoint), **keys)

    assert_same(whole, resumed)


def test_processes_share_rows_grouped_by_length(trained: Trained) -> None:
    """With transformers' own order of rows, processes get as many batches each."""
    _, whole = trained(processes=2, micro_batch_size=2, group_by_length=True, max_steps=3)

    assert len(whole) == 3


def test_fewer_records_than_a_batch_are_one_step(trained: Trained) -> None:
    """Three records in steps of eight are trained, all of them, once an epoch."""
    _, whole = trained(ROWS[:3], micro_batch_size=8)

    assert len(whole) == 2
    assert_same(whole, trained(ROWS[:3], micro_batch_size=1)[1])

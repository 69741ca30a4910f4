"""The weighted loss through real runs: against Axolotl's own, and against plain torch."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from train.conftest import Lab
from train.plain_reference import LEARNING_RATE, MAX_GRADIENT_NORM, SEED, reference_run

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

INPUTS = "axolotl_replicate.ReplicateInputsPlugin"
WEIGHTED = "axolotl_replicate.PromptLossWeightPlugin"
STEPS = 3
ROWS: list[dict[str, Any]] = [
    {"prompt": f"Question {n}: " + "why " * (n % 5), "completion": f"Because {n} " + "is " * n}
    for n in range(1, 9)
]
RECORD_WEIGHTS = [1, 0.5, 2, 0, 1, 0.5, 2, 1]
WEIGHTED_ROWS = [{**row, "weight": w} for row, w in zip(ROWS, RECORD_WEIGHTS, strict=True)]
VALIDATION_ROWS: list[dict[str, Any]] = [
    {"prompt": f"Say {n}.", "completion": "so " * n, "weight": weight}
    for n, weight in enumerate([1, 3, 1, 0, 0.5], 1)
]
EXACT = 1e-6  # relative, in float32
SAME = 1e-5  # relative, whatever the split

Trained = Callable[..., list[dict[str, float]]]


def logged_in(lab: Lab, output_dir: str = "out") -> list[dict[str, float]]:
    """The losses and norms that the last checkpoint of a run has on record, in order."""
    checkpoints = (lab.folder / output_dir).glob("checkpoint-*/trainer_state.json")
    last = max(checkpoints, key=lambda path: int(path.parent.name.partition("-")[2]))
    entries = json.loads(last.read_text())["log_history"]
    return [
        {
            name: value
            for name, value in entry.items()
            if name == "grad_norm" or name.endswith(("loss", "accuracy"))
        }
        for entry in entries
    ]


@pytest.fixture
def write_case(lab: Lab, write_rows: Callable[..., Path]) -> Callable[..., Path]:
    """Writes a recipe whose every step trains on all rows and whose steps are few and large."""

    def write(rows: list[dict[str, Any]], **keys: Any) -> Path:
        defaults = {
            "plugins": [INPUTS, WEIGHTED],
            "train_data": str(write_rows(rows)),
            "run_validation": False,
            "max_steps": STEPS,
            "num_train_epochs": STEPS,
            "train_batch_size": len(rows),
            "micro_batch_size": len(rows),
            "chunk_size": 512,
            "learning_rate": LEARNING_RATE,
            "lr_scheduler": "constant",
            "max_grad_norm": MAX_GRADIENT_NORM,
            "lora_dropout": 0.0,
            "seed": SEED,
        }
        return lab.write_recipe(**{**defaults, **keys})

    return write


@pytest.fixture
def trained(lab: Lab, write_case: Callable[..., Path]) -> Trained:
    """Trains in a fresh folder and returns what was logged, step by step."""

    def train(rows: list[dict[str, Any]], **keys: Any) -> list[dict[str, float]]:
        shutil.rmtree(lab.folder / "out", ignore_errors=True)
        finished = lab.train(write_case(rows, **keys))
        assert finished.exit_code == 0, finished.output
        return logged_in(lab)

    return train


def assert_close(
    expected: list[dict[str, float]], actual: list[dict[str, float]], tolerance: float
) -> None:
    """Every value that is expected is there, and within the relative tolerance."""
    assert len(expected) == len(actual)
    for wanted, found in zip(expected, actual, strict=True):
        for name, value in wanted.items():
            assert value == pytest.approx(found[name], rel=tolerance, abs=1e-9), name


@pytest.mark.parametrize("micro_batch_size", [1, 2, 8])
@pytest.mark.parametrize("weight", [0, 1])
def test_0_and_1_equal_axolotls_own_masking(
    weight: int, micro_batch_size: int, trained: Trained, write_rows: Callable[..., Path]
) -> None:
    """At 0 and 1 every loss and gradient norm is that of `train_on_inputs: false` and `true`."""
    keys = {
        "train_batch_size": micro_batch_size,
        "micro_batch_size": micro_batch_size,
        "run_validation": True,
        "validation_data": str(write_rows(ROWS[:5], "validation.jsonl")),
        "validation_batch_size": 5,
        "eval_strategy": "steps",
        "eval_steps": STEPS,
    }
    stock = trained(ROWS, plugins=[INPUTS], train_on_inputs=bool(weight), **keys)

    ours = trained(ROWS, prompt_loss_weight=weight, **keys)

    assert_close(stock, ours, EXACT)
    assert {"loss", "prompt_loss", "completion_loss", "completion_token_accuracy"} <= ours[
        -2
    ].keys()


@pytest.mark.parametrize("padded", [True, False], ids=["padded", "unpadded"])
def test_packed_at_0_equals_axolotls_own(padded: bool, trained: Trained) -> None:
    """Packs of masked prompts train as Axolotl's own."""
    keys = {"pack_sequences": True, "pad_to_sequence_len": padded, "chunk_size": 96}
    keys |= {"train_batch_size": 1, "micro_batch_size": 1}
    stock = trained(ROWS, plugins=[INPUTS], **keys)

    ours = trained(ROWS, prompt_loss_weight=0, **keys)

    assert_close(stock, ours, EXACT)


SPLITS = {
    "8x1": {"micro_batch_size": 8},
    "4x2": {"micro_batch_size": 4},
    "2x4": {"micro_batch_size": 2},
    "1x8, one of them without any weight": {"micro_batch_size": 1},
    "one pack": {"pack_sequences": True, "micro_batch_size": 1, "train_batch_size": 1},
    "one pack, padded": {
        "pack_sequences": True,
        "pad_to_sequence_len": True,
        "micro_batch_size": 1,
        "train_batch_size": 1,
    },
    "8x1 from the model's own logits": {"micro_batch_size": 8, "prompt_loss_fusion": "none"},
}


@pytest.mark.parametrize("split", SPLITS.values(), ids=SPLITS)
def test_every_split_of_a_batch_equals_plain_torch(
    split: dict[str, Any], lab: Lab, trained: Trained, write_rows: Callable[..., Path]
) -> None:
    """Losses, gradients and evaluation are the definition's, however the batch is cut up.

    A pack gives the losses of its records alone, so that they do not see one another.
    """
    expected = reference_run(lab.model, WEIGHTED_ROWS, 0.3, STEPS, validation_rows=VALIDATION_ROWS)

    actual = trained(
        WEIGHTED_ROWS,
        prompt_loss_weight=0.3,
        run_validation=True,
        validation_data=str(write_rows(VALIDATION_ROWS, "validation.jsonl")),
        validation_batch_size=2,
        eval_strategy="steps",
        eval_steps=STEPS,
        **split,
    )

    assert_close(expected, actual, EXACT if split == SPLITS["8x1"] else SAME)


def test_packed_at_1_equals_plain_torch(lab: Lab, trained: Trained) -> None:
    """At 1 a pack trains no record's first token, which stock Axolotl trains on its neighbour."""
    expected = reference_run(lab.model, ROWS, 1.0, STEPS)

    actual = trained(ROWS, prompt_loss_weight=1, **SPLITS["one pack"])

    assert_close(expected, actual, SAME)


def test_divided_by_tokens(lab: Lab, trained: Trained) -> None:
    """`prompt_loss_normalization: tokens` divides by the tokens that carry weight."""
    expected = reference_run(lab.model, WEIGHTED_ROWS, 0.1, STEPS, normalization="tokens")

    actual = trained(
        WEIGHTED_ROWS,
        prompt_loss_weight=0.1,
        prompt_loss_normalization="tokens",
        micro_batch_size=2,
    )

    assert_close(expected, actual, SAME)


def test_two_processes_equal_plain_torch(
    lab: Lab, write_case: Callable[..., Path], write_rows: Callable[..., Path]
) -> None:
    """Two processes divide by the weights of both, in evaluations with a record over too."""
    expected = reference_run(lab.model, WEIGHTED_ROWS, 0.3, STEPS, validation_rows=VALIDATION_ROWS)
    recipe = write_case(
        WEIGHTED_ROWS,
        prompt_loss_weight=0.3,
        micro_batch_size=2,
        run_validation=True,
        validation_data=str(write_rows(VALIDATION_ROWS, "validation.jsonl")),
        validation_batch_size=2,
        eval_strategy="steps",
        eval_steps=STEPS,
    )

    finished = lab.axolotl_from_shell(
        "train", str(recipe), "--launcher", "torchrun", "--", "--nproc-per-node", "2"
    )

    assert finished.exit_code == 0, finished.output
    assert_close(expected, logged_in(lab), SAME)


def test_resuming_continues_bit_for_bit(lab: Lab, write_case: Callable[..., Path]) -> None:
    """A run resumed at a checkpoint logs and saves what the run that went through did."""
    keys = {
        "prompt_loss_weight": 0.3,
        "train_batch_size": 4,
        "micro_batch_size": 2,
        "lora_dropout": 0.1,
        "max_steps": 4,
        "save_steps": 2,
    }
    whole = lab.train(write_case(WEIGHTED_ROWS, **keys))
    assert whole.exit_code == 0, whole.output

    resumed = lab.train(
        write_case(
            WEIGHTED_ROWS,
            **keys,
            output_dir=str(lab.folder / "again"),
            resume_from_checkpoint=str(lab.folder / "out" / "checkpoint-2"),
        )
    )

    assert resumed.exit_code == 0, resumed.output
    assert logged_in(lab)[2:] == logged_in(lab, "again")[2:]
    weights = [
        (lab.folder / name / "adapter_model.safetensors").read_bytes() for name in ("out", "again")
    ]
    assert weights[0] == weights[1]


def test_nothing_to_learn_is_loss_0_and_said(lab: Lab, write_case: Callable[..., Path]) -> None:
    """Records of weight 0 alone give loss 0 and no gradient, never NaN, and a line says so."""
    rows = [{**row, "weight": 0} for row in ROWS]

    finished = lab.train(write_case(rows, micro_batch_size=4))

    assert finished.exit_code == 0, finished.output
    nothing = {"loss": 0.0, "grad_norm": 0.0}
    assert [nothing] * STEPS == logged_in(lab)
    said = "\n".join(finished.own_lines)
    assert "8 of these records have weight 0" in said
    assert said.count("no token that carries weight") == 1


def test_an_evaluation_of_one_record(
    lab: Lab, trained: Trained, write_rows: Callable[..., Path]
) -> None:
    """One record is an evaluation set like any other."""
    only = VALIDATION_ROWS[:1]
    expected = reference_run(lab.model, ROWS, 0.1, STEPS, validation_rows=only)

    actual = trained(
        ROWS,
        run_validation=True,
        validation_data=str(write_rows(only, "validation.jsonl")),
        eval_strategy="steps",
        eval_steps=STEPS,
    )

    assert_close(expected, actual, SAME)


def test_another_weight_is_another_run(lab: Lab, trained: Trained) -> None:
    """Data prepared at one weight does not serve another: both runs log their own losses."""
    for weight in (0.3, 0.6):
        expected = reference_run(lab.model, ROWS, weight, 1)

        actual = trained(ROWS, prompt_loss_weight=weight, max_steps=1)

        assert_close(expected, actual, SAME)

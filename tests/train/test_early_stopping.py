"""Early stopping and best-checkpoint loading, which Axolotl offers only for runs in steps."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from train.conftest import Lab
from train.test_prompt_loss import INPUTS, WEIGHTED
from train.test_validation_prompt import PROMPT, ROWS, samples_in

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

EPOCHS = 10
# tokens that training never sees, and so makes less and less likely
FOREIGN = [{"prompt": f"QZ {n}", "completion": "XJVK " * (8 + n)} for n in range(4)]


def compared(recipe: dict[str, Any], epochs: float = 4) -> tuple[dict[str, Any], str | None]:
    from axolotl_replicate.inputs.best_checkpoint import best_checkpoint_keys

    return best_checkpoint_keys(recipe, True, epochs)


def test_a_recipe_that_asks_for_neither_is_left_alone() -> None:
    """Without the two keys nothing is set and nothing said."""
    assert compared({"eval_steps": 3, "save_steps": 2}) == ({}, None)
    assert compared({"early_stopping_patience": 0}) == ({}, None)


@pytest.mark.parametrize("need", ["early_stopping_patience", "load_best_model_at_end"])
@pytest.mark.parametrize(
    ("given", "eval_steps", "save_steps"),
    [
        ({}, 1 / 4, 1 / 4),
        ({"eval_strategy": "epoch", "save_strategy": "epoch"}, 1 / 4, 1 / 4),
        ({"evals_per_epoch": 2}, 1 / 8, 1 / 8),
        ({"saves_per_epoch": 2}, 1 / 8, 1 / 8),
        ({"eval_steps": 5}, 5, 5),
        ({"save_steps": 6}, 6, 6),
        ({"eval_steps": 5, "save_steps": 10}, 5, 10),
        ({"eval_steps": 0.25}, 0.25, 0.25),
        ({"save_strategy": "steps"}, 1 / 4, 1 / 4),
    ],
)
def test_the_interval_the_recipe_gives_serves_both(
    need: str, given: dict[str, Any], eval_steps: float, save_steps: float
) -> None:
    """Evaluations and checkpoints fall together, once an epoch where the recipe is silent."""
    keys, said = compared({need: 1, **given})

    assert (eval_steps, save_steps) == pytest.approx(
        (keys["eval_steps"], keys["save_steps"]), rel=1e-6
    )
    assert (keys["eval_strategy"], keys["save_strategy"]) == ("steps", "steps")
    assert (keys["evals_per_epoch"], keys["saves_per_epoch"]) == (None, None)
    both_given = given.keys() == {"eval_steps", "save_steps"}
    assert both_given if said is None else said.startswith(f"{need}: an evaluation every ")


def test_a_share_is_a_whole_epoch() -> None:
    """Rounded up to steps, as transformers does, the share of a run is one epoch exactly."""
    for epochs in range(2, 130):
        share = compared({"early_stopping_patience": 1}, epochs)[0]["eval_steps"]
        for steps_an_epoch in (1, 2, 7, 49, 1000, 99_999):
            assert steps_an_epoch == math.ceil(epochs * steps_an_epoch * share)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"early_stopping_patience": "2"}, "early_stopping_patience: found '2'"),
        ({"early_stopping_patience": -1}, "early_stopping_patience: found -1"),
        ({"early_stopping_patience": True}, "early_stopping_patience: found True"),
        ({"run_validation": False}, "early_stopping_patience and run_validation"),
        ({"eval_strategy": False}, "early_stopping_patience and eval_strategy: no"),
        ({"save_strategy": "no"}, "early_stopping_patience and save_strategy: no"),
        ({"save_strategy": "best"}, "early_stopping_patience and save_strategy: best"),
        (
            {"eval_steps": 4, "save_steps": 6},
            "a checkpoint every 6 steps and an evaluation every 4",
        ),
        ({"eval_steps": 4, "save_strategy": "epoch"}, "a checkpoint every 0.333 of the run"),
        ({"eval_steps": "often"}, "eval_steps: found 'often'"),
        ({"saves_per_epoch": 0}, "saves_per_epoch: found 0"),
        ({"num_train_epochs": 1}, "with 1 evaluations or checkpoints in the run"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    keys: dict[str, Any],
    said: str,
    lab: Lab,
    write_rows: Callable[..., Path],
    end_of_run: Callable[..., tuple[Any, list[str]]],
) -> None:
    """One line names the keys, before any data is fetched."""
    defaults = {"early_stopping_patience": 1, "train_data": str(write_rows(ROWS))}

    code, lines = end_of_run(**{**defaults, **keys})

    own = [line for line in lines if line.startswith("axolotl-replicate: error:")]
    assert code == 2
    assert len(own) == 1
    assert said in own[0]


def test_a_run_stops_early_and_saves_its_best(lab: Lab, write_rows: Callable[..., Path]) -> None:
    """With one key more than the defaults, the run ends once validation has got worse twice.

    The adapter that is saved is that of the best checkpoint, not of the last; the samples end where
    the run did.
    """
    from safetensors.torch import load_file

    recipe = lab.write_recipe(
        plugins=[INPUTS, WEIGHTED],
        train_data=str(write_rows(ROWS)),
        validation_data=str(write_rows(FOREIGN, "validation.jsonl")),
        prompt_loss_weight=0,
        early_stopping_patience=2,
        validation_prompt=PROMPT,
        max_steps=None,
        num_train_epochs=EPOCHS,
        train_batch_size=4,
        chunk_size=48,
        learning_rate=0.02,
        lr_scheduler="constant",
        save_total_limit=EPOCHS,
    )

    finished = lab.train(recipe)

    assert finished.exit_code == 0, finished.output
    assert any(
        "early_stopping_patience: an evaluation every 0.1 of" in x for x in finished.own_lines
    )
    states = {
        int(path.parent.name.partition("-")[2]): json.loads(path.read_text())
        for path in (lab.folder / "out").glob("checkpoint-*/trainer_state.json")
    }
    last = max(states)
    losses = {
        entry["step"]: entry["eval_loss"]
        for entry in states[last]["log_history"]
        if entry.get("eval_loss") is not None and entry["step"]
    }
    best = min(losses, key=losses.__getitem__)
    an_epoch = 2  # steps: 8 records in batches of 4
    assert list(range(an_epoch, last + 1, an_epoch)) == sorted(losses)
    assert best + 2 * an_epoch == last < EPOCHS * an_epoch
    assert f"checkpoint-{best}" == Path(states[last]["best_model_checkpoint"]).name
    adapters = {
        name: load_file(lab.folder / "out" / name / "adapter_model.safetensors")
        for name in (".", f"checkpoint-{best}", f"checkpoint-{last}")
    }
    saved = adapters["."]
    of_best, of_last = adapters[f"checkpoint-{best}"], adapters[f"checkpoint-{last}"]
    assert all((saved[name] == tensor).all() for name, tensor in of_best.items())
    assert any((saved[name] != tensor).any() for name, tensor in of_last.items())
    assert [0, *sorted(losses)] == [sample["step"] for sample in samples_in(lab.folder / "out")]

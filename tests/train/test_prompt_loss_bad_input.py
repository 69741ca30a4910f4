"""What `prompt_loss_weight` cannot do ends the run at its start, with one line naming the keys."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from train.conftest import Lab
from train.test_prompt_loss import INPUTS, ROWS, WEIGHTED

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

KD = "axolotl.integrations.kd.KDPlugin"
DIFFUSION = "axolotl.integrations.diffusion.DiffusionPlugin"
ALPACA = [{"path": "rows.jsonl", "ds_type": "json", "type": "alpaca"}]


@pytest.mark.parametrize("plugins", [[WEIGHTED], [INPUTS, WEIGHTED], [WEIGHTED, INPUTS]])
@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"prompt_loss_weight": 1.5}, "prompt_loss_weight: found 1.5"),
        ({"prompt_loss_weight": -0.1}, "prompt_loss_weight: found -0.1"),
        ({"prompt_loss_weight": "high"}, "prompt_loss_weight: found 'high'"),
        ({"prompt_loss_weight": float("nan")}, "prompt_loss_weight: found nan"),
        ({"promt_loss_weight": 0.1}, "did you mean 'prompt_loss_weight'?"),
        ({"prompt_loss_normalization": "rows"}, "prompt_loss_normalization: found 'rows'"),
        ({"prompt_loss_fusion": True}, "prompt_loss_fusion: found True"),
        ({"train_on_inputs": True}, "prompt_loss_weight and train_on_inputs: 0.1 and true"),
        ({"rl": "dpo"}, " and rl"),
        ({"orpo_alpha": 0.1}, "prompt_loss_weight and orpo_alpha"),
        ({"use_eaft": True}, "prompt_loss_weight and use_eaft"),
        ({"label_smoothing_factor": 0.1}, "prompt_loss_weight and label_smoothing_factor"),
        ({"kd_trainer": True}, "prompt_loss_weight and kd_trainer"),
        ({"batch_flattening": True}, "prompt_loss_weight and batch_flattening"),
        ({"context_parallel_size": 2}, "prompt_loss_weight and context_parallel_size"),
        ({"tensor_parallel_size": 2}, "prompt_loss_weight and tensor_parallel_size"),
    ],
)
def test_misuse_is_named(
    plugins: list[str],
    keys: dict[str, Any],
    said: str,
    lab: Lab,
    write_rows: Callable[..., Path],
    end_of_run: Callable[..., tuple[Any, list[str]]],
) -> None:
    """One line names the recipe, the key and what was expected, whichever plugins are listed."""
    data = {"train_data": str(write_rows(ROWS))} if INPUTS in plugins else {"datasets": ALPACA}

    code, lines = end_of_run(plugins=plugins, **data, **keys)

    own = [line for line in lines if line.startswith("axolotl-replicate: error:")]
    assert code == 2
    assert len(own) == 1
    assert said in own[0]
    assert "recipe.yaml" in own[0]


@pytest.mark.parametrize("plugins", [[WEIGHTED, DIFFUSION], [DIFFUSION, WEIGHTED], [WEIGHTED, KD]])
def test_another_plugins_trainer_is_refused(
    plugins: list[str], lab: Lab, write_rows: Callable[..., Path]
) -> None:
    """A plugin that brings a trainer or a collator of its own is named before a model is loaded."""
    rows = [{"instruction": "a", "input": "", "output": "b"}] * 4
    data = {"path": str(write_rows(rows)), "ds_type": "json", "type": "alpaca"}
    recipe = lab.write_recipe(
        plugins=plugins,
        datasets=[data],
        sequence_len=64,
        micro_batch_size=1,
        gradient_accumulation_steps=1,
        num_epochs=1,
        learning_rate=0.001,
        optimizer="adamw_torch",
        bf16=False,
        fp16=False,
        tf32=False,
        val_set_size=0,
    )

    finished = lab.train(recipe)

    assert finished.exit_code == 2, finished.output
    errors = [line for line in finished.own_lines if "error:" in line]
    assert len(errors) == 1
    assert next(name for name in plugins if name != WEIGHTED) in errors[0]


@pytest.mark.parametrize("weight", [-1, "x", True, None])
def test_a_bad_record_weight_is_lints_finding(
    weight: object, lab: Lab, end_of_run: Callable[..., tuple[Any, list[str]]]
) -> None:
    """A record's weight that is no number >= 0 ends the run with lint's report of its line."""
    rows = [*ROWS, {**ROWS[0], "weight": weight}]
    (lab.folder / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    code, lines = end_of_run(plugins=[INPUTS, WEIGHTED], train_data="data.jsonl")

    assert code == 1
    assert any("data.jsonl:9:" in line and "DT111" in line for line in lines)


@pytest.mark.parametrize("weight", [1e39, 1e-46])
def test_a_weight_that_training_cannot_add_up_is_refused(
    weight: float, lab: Lab, end_of_run: Callable[..., tuple[Any, list[str]]]
) -> None:
    """A weight that float32 would turn into infinity or 0 is named with its line."""
    rows = [*ROWS, {**ROWS[0], "weight": weight}]
    (lab.folder / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    code, lines = end_of_run(plugins=[INPUTS, WEIGHTED], train_data="data.jsonl")

    assert code == 2
    assert f"data.jsonl:9: weight {weight:g}" in lines[-1]


def test_validation_data_without_weight_is_refused(
    lab: Lab, write_rows: Callable[..., Path], end_of_run: Callable[..., tuple[Any, list[str]]]
) -> None:
    """A validation set that would measure nothing is no perfect score but an error."""
    validation = write_rows([{**row, "weight": 0} for row in ROWS], "validation.jsonl")

    code, lines = end_of_run(
        plugins=[INPUTS, WEIGHTED],
        train_data=str(write_rows(ROWS)),
        validation_data=str(validation),
    )

    assert code == 2
    assert "every record has weight 0" in lines[-1]


def test_text_records_have_no_prompt(
    lab: Lab, end_of_run: Callable[..., tuple[Any, list[str]]]
) -> None:
    """With text records the weight has no effect, which is said; the run goes on."""
    rows = [{"text": f"Once {n}"} for n in range(8)]
    (lab.folder / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    code, lines = end_of_run(plugins=[INPUTS, WEIGHTED], train_data="data.jsonl")

    assert code is None
    assert any("prompt_loss_weight has no effect" in line for line in lines)


def test_a_weight_between_needs_the_plugin(
    lab: Lab, write_rows: Callable[..., Path], end_of_run: Callable[..., tuple[Any, list[str]]]
) -> None:
    """Without the plugin, a weight between 0 and 1 names the line to add."""
    code, lines = end_of_run(train_data=str(write_rows(ROWS)), prompt_loss_weight=0.3)

    assert code == 2
    assert f"'- {WEIGHTED}' under plugins:" in lines[-1]

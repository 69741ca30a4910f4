"""What `validation_prompt` cannot do ends the run at its start; what fails later does not."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from train.conftest import Lab
from train.test_prompt_loss import INPUTS
from train.test_validation_prompt import PROMPTED, ROWS

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

ALPACA = [{"path": "rows.jsonl", "ds_type": "json", "type": "alpaca"}]
ZERO_3 = {"zero_optimization": {"stage": 3}}


@pytest.mark.parametrize("plugins", [[PROMPTED], [INPUTS], [INPUTS, PROMPTED]])
@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"validation_prompt": 5}, "validation_prompt: found 5, expected a text, or a list of"),
        ({"validation_prompt": ["a", 5]}, "validation_prompt: found ['a', 5]"),
        ({"validation_prompt": {"a": "b"}}, "validation_prompt: found {'a': 'b'}"),
        ({"validation_promt": "a"}, "did you mean 'validation_prompt'?"),
        ({"fsdp_config": {"version": 2}}, "validation_prompt and fsdp_config"),
        ({"fsdp": ["full_shard"]}, "validation_prompt and fsdp:"),
        ({"deepspeed": ZERO_3}, "validation_prompt and deepspeed"),
        ({"deepspeed": "zero3.json"}, "validation_prompt and deepspeed"),
        ({"tensor_parallel_size": 2}, "validation_prompt and tensor_parallel_size"),
        ({"context_parallel_size": 2}, "validation_prompt and context_parallel_size"),
        ({"reward_model": True}, "validation_prompt and reward_model"),
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
    """One line names the recipe and the keys, whichever plugins are listed."""
    data = {"train_data": str(write_rows(ROWS))} if INPUTS in plugins else {"datasets": ALPACA}
    (lab.folder / "zero3.json").write_text(json.dumps(ZERO_3))

    code, lines = end_of_run(plugins=plugins, **{"validation_prompt": "a", **data, **keys})

    own = [line for line in lines if line.startswith("axolotl-replicate: error:")]
    assert code == 2
    assert len(own) == 1
    assert said in own[0]
    assert "recipe.yaml" in own[0]


def test_deepspeed_that_keeps_the_model_whole_is_no_obstacle() -> None:
    """Stages below 3 leave every process the whole model; a file that is not there is Axolotl's."""
    from axolotl_replicate.validation_prompt.conflicts import check_conflicts

    for deepspeed in ({"zero_optimization": {"stage": 2}}, {}, "nowhere.json", None):
        check_conflicts({"deepspeed": deepspeed})


@pytest.mark.parametrize(
    ("fsdp", "stage", "said"), [(True, 0, "FSDP"), (False, 3, "DeepSpeed stage 3")]
)
def test_a_model_spread_by_accelerate_is_refused(fsdp: bool, stage: int, said: str) -> None:
    """What accelerate's own configuration spreads is seen at the trainer."""
    from axolotl_replicate.validation_prompt.conflicts import check_trainer
    from dataset_tools.errors import InputError

    state = SimpleNamespace(deepspeed_plugin=SimpleNamespace(zero_stage=stage))
    trainer = SimpleNamespace(
        is_fsdp_enabled=fsdp,
        is_deepspeed_enabled=stage > 0,
        accelerator=SimpleNamespace(state=state),
    )

    with pytest.raises(InputError, match=f"^validation_prompt and {said}: "):
        check_trainer(trainer)


@pytest.mark.parametrize("plugins", [[INPUTS], [INPUTS, PROMPTED]])
def test_a_prompt_without_room_ends_the_run_before_data_is_prepared(
    plugins: list[str], lab: Lab, write_rows: Callable[..., Path]
) -> None:
    """A prompt as long as chunk_size names both lengths, at once rather than at an evaluation."""
    recipe = lab.write_recipe(
        plugins=plugins,
        train_data=str(write_rows(ROWS)),
        num_validation_samples=2,
        chunk_size=32,
        validation_prompt="Say " * 30,
    )

    finished = lab.train(recipe)

    errors = [line for line in finished.own_lines if "error:" in line]
    assert finished.exit_code == 2, finished.output
    assert len(errors) == 1
    assert "tokens leave no room for a response within chunk_size (sequence_len) of 32" in errors[0]
    assert list((lab.folder / "prepared").rglob("dataset_info.json")) == []


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"run_validation": False, "validation_prompt": "a"}, "no evaluation is configured"),
        ({"plugins": [INPUTS, PROMPTED]}, "gives no validation_prompt"),
    ],
)
def test_a_prompt_in_vain_is_said(
    keys: dict[str, Any], said: str, lab: Lab, write_rows: Callable[..., Path]
) -> None:
    """Without an evaluation, or without a prompt, one note tells that nothing is generated."""
    recipe = lab.write_recipe(
        **{"train_data": str(write_rows(ROWS)), "num_validation_samples": 2, "chunk_size": 32},
        **keys,
    )

    finished = lab.axolotl("preprocess", str(recipe))

    assert finished.exit_code == 0, finished.output
    assert len([line for line in finished.own_lines if said in line]) == 1


def test_a_failure_to_write_costs_a_line_and_not_the_run(
    lab: Lab, write_rows: Callable[..., Path]
) -> None:
    """With a folder where the samples' file should be, the run ends well, each failure said."""
    (lab.folder / "out" / "validation_samples.jsonl" / "x").mkdir(parents=True)
    (lab.folder / "out" / "validation_samples.previous.jsonl").write_text("taken")
    recipe = lab.write_recipe(
        train_data=str(write_rows(ROWS)),
        num_validation_samples=2,
        chunk_size=32,
        eval_steps=2,
        validation_prompt="Say 1",
    )

    finished = lab.train(recipe)

    warnings = [line for line in finished.own_lines if "warning: validation_prompt" in line]
    assert finished.exit_code == 0, finished.output
    assert (lab.folder / "out" / "adapter_model.safetensors").exists()
    assert len(warnings) == 3  # at the start of the run, and at steps 0 and 2
    assert all(line.endswith("the run goes on") for line in warnings)

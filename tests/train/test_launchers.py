"""Every command and launcher of Axolotl's works with our recipes, and says what it has to once."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from loopback_server import Answer, LoopbackServer
from train.conftest import Finished, Lab

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

ROWS = [{"prompt": f"Say {n} words", "completion": f" {'word ' * (n % 7)}."} for n in range(1, 21)]
LINES = [json.dumps(row) + "\n" for row in ROWS]
MALFORMED = "".join([*LINES[:2], '{"prompt": "a", "completion": "b",}\n', *LINES[2:]])
TWO_PROCESSES = ("--launcher", "torchrun", "--", "--nproc-per-node", "2")
KEYS: dict[str, Any] = {
    "num_validation_samples": 4,
    "train_batch_size": 4,
    "micro_batch_size": 2,
    "chunk_size": 64,
}


def serve(server: LoopbackServer, content: str) -> str:
    return server.serve("/data.jsonl", Answer(content.encode(), headers={"ETag": '"1"'}))


def measured(lab: Lab) -> dict[str, float]:
    """The losses that `axolotl evaluate` has written, of the training and validation data."""
    with (lab.folder / "out" / "eval_summary.csv").open() as stream:
        row = next(row for row in csv.DictReader(stream) if row["metric"] == "loss")
    return {name: float(row[name]) for name in ("training", "validation")}


@pytest.fixture
def recipe_on_a_server(lab: Lab, server: LoopbackServer) -> Path:
    # with the loss plugin, evaluations are means over tokens however many processes share them
    plugins = [
        f"axolotl_replicate.{name}Plugin" for name in ("ReplicateInputs", "PromptLossWeight")
    ]
    return lab.write_recipe(
        train_data=serve(server, "".join(LINES)), plugins=plugins, prompt_loss_weight=0.5, **KEYS
    )


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_two_processes_do_and_say_what_one_does(
    command: str, lab: Lab, server: LoopbackServer, recipe_on_a_server: Path
) -> None:
    """One process of two downloads and speaks; both see the same data and measure the same."""
    two = lab.axolotl_from_shell(command, str(recipe_on_a_server), *TWO_PROCESSES)
    assert two.exit_code == 0, two.output
    downloads = server.statuses("/data.jsonl")
    measured_by_two = measured(lab) if command == "evaluate" else None

    one = lab.axolotl(command, str(recipe_on_a_server), "--launcher", "python")

    assert one.exit_code == 0, one.output
    assert downloads == [200]
    assert [line for line in two.own_lines if "max_memory" not in line] == one.own_lines, two.output
    if measured_by_two is not None:
        assert measured_by_two == pytest.approx(measured(lab), rel=1e-5)


def test_two_processes_end_with_one_report(lab: Lab, server: LoopbackServer) -> None:
    """A malformed line is reported once by one of two processes, and neither goes on or waits."""
    recipe = lab.write_recipe(train_data=serve(server, MALFORMED), **KEYS)

    finished = lab.axolotl_from_shell("train", str(recipe), *TWO_PROCESSES)

    assert finished.exit_code != 0
    assert finished.output.count(":3:") == 1, finished.output
    assert finished.own_lines == [
        "axolotl-replicate: error: mend the data first; nothing was loaded or trained"
    ]
    assert server.statuses("/data.jsonl") == [200]
    assert "loading model" not in finished.output


def test_the_default_launcher_can_be_quiet(lab: Lab, server: LoopbackServer) -> None:
    """Asked to be quiet, accelerate adds nothing to the last words of a run that we end."""
    recipe = lab.write_recipe(train_data=serve(server, MALFORMED), **KEYS)

    finished = lab.axolotl_from_shell("train", str(recipe), "--", "--quiet")

    assert finished.exit_code == 1
    assert finished.output.splitlines()[-1] == finished.own_lines[-1]


@pytest.mark.parametrize("peft_method", ["lora", "qlora"])
def test_what_was_trained_is_used_without_its_data(
    peft_method: str, lab: Lab, write_rows: Callable[..., Path]
) -> None:
    """`inference` and `merge-lora` need the adapter alone: no data, and not a word about it."""
    data = write_rows(ROWS)
    recipe = lab.write_recipe(
        train_data=str(data),
        peft_method=peft_method,
        pack_sequences=True,
        learning_rate=0.01,
        **KEYS,
    )
    trained = lab.train(recipe)
    assert trained.exit_code == 0, trained.output
    data.unlink()
    adapter = ("--lora-model-dir", str(lab.folder / "out"))

    answered = lab.axolotl(
        "inference", str(recipe), "--launcher", "python", *adapter, typed="Say 3 words"
    )
    merged = lab.axolotl("merge-lora", str(recipe), *adapter)

    assert answered.exit_code == 0, answered.output
    assert "<s>Say 3 words" in answered.output
    assert merged.exit_code == 0, merged.output
    assert answered.own_lines + merged.own_lines == []
    assert_merged(lab, quantised=peft_method == "qlora")


def assert_merged(lab: Lab, *, quantised: bool) -> None:
    """The merged weights are the base model's, as training saw them, and the adapter's."""
    import torch
    from bitsandbytes.functional import dequantize_4bit, quantize_4bit
    from safetensors.torch import load_file

    name = "model.layers.0.self_attn.q_proj"
    adapter = load_file(lab.folder / "out" / "adapter_model.safetensors")
    low_rank = [adapter[f"base_model.model.{name}.lora_{part}.weight"] for part in "BA"]
    scale = 16 / 8  # lora_alpha / lora_rank, at their defaults
    base = load_file(lab.model / "model.safetensors")[f"{name}.weight"]
    if quantised:
        base = dequantize_4bit(*quantize_4bit(base, quant_type="nf4", compress_statistics=True))
    merged = load_file(lab.folder / "out" / "merged" / "model.safetensors")[f"{name}.weight"]
    torch.testing.assert_close(merged, base + scale * low_rank[0] @ low_rank[1])


def test_a_launched_command_is_known_by_its_module(
    lab: Lab, write_rows: Callable[..., Path]
) -> None:
    """Started by a launcher, `inference` finds no adapter rather than no data."""
    recipe = lab.write_recipe(train_data=str(lab.folder / "gone.jsonl"), **KEYS)

    finished: Finished = lab.axolotl_from_shell("inference", str(recipe))

    assert finished.exit_code == 0, finished.output
    assert "Give me an instruction" in finished.output
    assert finished.own_lines == []

"""What a recipe needs without CUDA."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from train.conftest import Lab

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

INPUTS = "axolotl_replicate.ReplicateInputsPlugin"


def test_gpu_settings_are_replaced_and_named() -> None:
    """Precision, kernels, optimizer and attention change, each with a reason; the rest stays."""
    from axolotl_replicate.cpu import adapt_to_cpu

    recipe = {
        "bf16": "auto",
        "optimizer": "paged_adamw_8bit",
        "flash_attention": True,
        "learning_rate": 1e-4,
    }

    changes = adapt_to_cpu(recipe)

    assert recipe == {
        "bf16": False,
        "fp16": False,
        "tf32": False,
        "lora_mlp_kernel": False,
        "lora_qkv_kernel": False,
        "lora_o_kernel": False,
        "optimizer": "adamw_torch",
        "flash_attention": False,
        "attn_implementation": "sdpa",
        "learning_rate": 1e-4,
    }
    assert all(change.reason in str(change) for change in changes)
    assert adapt_to_cpu(recipe) == []


def test_a_recipe_made_for_a_cpu_is_left_alone() -> None:
    """An optimizer and an attention that run on a CPU stay as chosen."""
    from axolotl_replicate.cpu import adapt_to_cpu

    recipe = {"optimizer": "sgd", "attn_implementation": "eager"}
    adapt_to_cpu(recipe)

    assert recipe["optimizer"] == "sgd"
    assert recipe["attn_implementation"] == "eager"


GPU_RECIPES = {
    "half-precision": {"bf16": "full", "tf32": True, "bfloat16": True},
    "8-bit-floats": {"fp8": True},
    "offloading": {"gradient_checkpointing": "offload", "gpu_memory_limit": "10GiB"},
    "legacy-offloading": {"gradient_checkpointing": True, "activation_offloading": "legacy"},
    "deepspeed": {"deepspeed": "deepspeed_configs/zero2.json"},
    "fsdp": {"fsdp_version": 2, "fsdp_config": {"offload_params": False}},
    "flash-attention": {"flash_attention": True},
    "flex-attention": {"attn_implementation": "flex_attention"},
    "hub-attention": {"attn_implementation": "kernels-community/flash-attn2"},
    "sdp-attention": {"sdp_attention": True},
    "paged-optimizer": {"optimizer": "paged_adamw_8bit"},
    "lora-kernels": {"lora_mlp_kernel": True, "lora_qkv_kernel": True, "lora_o_kernel": True},
    "liger": {
        "plugins": [INPUTS, "axolotl.integrations.liger.LigerPlugin"],
        "liger_rope": True,
        "liger_rms_norm": True,
        "liger_glu_activation": True,
        "liger_fused_linear_cross_entropy": True,
    },
    "cut-cross-entropy": {
        "plugins": [INPUTS, "axolotl.integrations.cut_cross_entropy.CutCrossEntropyPlugin"]
    },
    "everything": {
        "bf16": "auto",
        "optimizer": "adamw_bnb_8bit",
        "gradient_checkpointing": "offload",
        "flash_attention": True,
        "load_in_8bit": True,
    },
}


@pytest.mark.parametrize("keys", GPU_RECIPES.values(), ids=GPU_RECIPES)
def test_a_recipe_for_gpus_trains_without_one(
    keys: dict[str, Any], lab: Lab, write_rows: Callable[..., Path]
) -> None:
    """A step is trained, and each key that was changed for it is named with its new value."""
    rows = [{"prompt": f"Say {n} words", "completion": " word" * n} for n in range(1, 9)]
    recipe = lab.write_recipe(
        **{
            "train_data": str(write_rows(rows)),
            "run_validation": False,
            "max_steps": 1,
            "chunk_size": 64,
            **keys,
        }
    )

    finished = lab.train(recipe)

    assert finished.exit_code == 0, finished.output
    assert (lab.folder / "out" / "adapter_model.safetensors").is_file()
    changed = [line for line in finished.own_lines if "no CUDA device, so " in line]
    assert len(changed) == len({line.split(":")[1] for line in changed})
    assert [line for line in finished.own_lines if "note: neither" in line] == []


@pytest.mark.parametrize("keys", GPU_RECIPES.values(), ids=GPU_RECIPES)
def test_nothing_changes_where_there_is_cuda(
    keys: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a CUDA device every key stays as the recipe has it, set or unset."""
    import torch

    from axolotl_replicate.cpu import adapt_to_this_machine

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    recipe = copy.deepcopy(keys)

    assert adapt_to_this_machine(recipe) == []
    assert recipe == keys


def test_a_second_choice_of_attention_is_never_added() -> None:
    """Packing leaves an attention that the recipe names in the old way alone, GPU or not."""
    from axolotl_replicate.inputs.axolotl_config import config_from_inputs
    from dataset_tools.recipe_keys import read_keys

    recipe = {"pack_sequences": True, "flash_attention": True}
    values = {**read_keys(recipe), "prompt_loss_weight": 0}

    assert "attn_implementation" not in config_from_inputs(recipe, values, 1)


def test_several_processes_load_into_main_memory() -> None:
    """With several processes no limit of a GPU's memory decides where the model goes."""
    from axolotl_replicate.cpu import adapt_to_cpu

    recipe = {"gpu_memory_limit": "20GiB", "max_memory": {0: "20GiB"}}
    adapt_to_cpu(recipe, process_count=2)

    assert recipe["gpu_memory_limit"] is None
    assert set(recipe["max_memory"]) == {"cpu"}
    assert adapt_to_cpu(recipe, process_count=2) == []


def test_only_inference_stores_4bit_weights_as_bytes() -> None:
    """`axolotl inference` gets packed weights that it cannot convert; other keys stay."""
    from axolotl_replicate.cpu import adapt_to_cpu

    stored = [
        {"inference": True, "load_in_4bit": True},
        {"inference": True, "load_in_4bit": True, "bnb_config_kwargs": {"blocksize": 128}},
        {"load_in_4bit": True},
    ]
    for recipe in stored:
        adapt_to_cpu(recipe)

    assert [recipe.get("bnb_config_kwargs") for recipe in stored] == [
        {"bnb_4bit_quant_storage": "uint8"},
        {"blocksize": 128, "bnb_4bit_quant_storage": "uint8"},
        None,
    ]


def test_4bit_layers_keep_their_gradients_after_an_evaluation() -> None:
    """After a forward pass in eval mode the gradient is still that of the dequantised weights."""
    import bitsandbytes
    import torch

    from axolotl_replicate.cpu import unpack_4bit_layers

    torch.manual_seed(0)
    layer = bitsandbytes.nn.Linear4bit(
        128, 128, bias=False, compute_dtype=torch.float32, quant_type="nf4"
    )
    model = torch.nn.Sequential(layer).to("cpu")
    weights = bitsandbytes.functional.dequantize_4bit(layer.weight.data, layer.weight.quant_state)
    inputs = torch.randn(2, 128, requires_grad=True)
    unpack_4bit_layers(model)

    with torch.no_grad():
        model.eval()(inputs.detach())
    model.train()(inputs).sum().backward()

    expected = torch.ones(2, 128) @ weights
    torch.testing.assert_close(inputs.grad, expected, rtol=1e-4, atol=1e-4)

"""What a recipe needs without CUDA."""

import pytest

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]


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

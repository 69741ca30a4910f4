"""Every way of computing the weighted loss, against torch's own cross entropy."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

WIDTH, VOCABULARY = 6, 11


def linear(*, bias: bool, trained: bool) -> Any:
    """An output projection; its weights may be trained or left as they are."""
    import torch

    head = torch.nn.Linear(WIDTH, VOCABULARY, bias=bias)
    return head.requires_grad_(trained)


def with_adapter(*, bias: bool, trained: bool) -> Any:
    """An output projection that a LoRA adapter is trained on, in training mode."""
    from peft import LoraConfig
    from peft.tuners.lora import Linear

    head = Linear(
        linear(bias=bias, trained=False),
        "default",
        LoraConfig(r=2, lora_alpha=4, init_lora_weights=False),
        r=2,
        lora_alpha=4,
        init_lora_weights=False,
    )
    return head.requires_grad_(trained)


def by_hidden_states(hidden: Any, targets: Any, weights: Any, head: Any) -> Any:
    from axolotl_replicate.prompt_loss.cross_entropy import losses_of_hidden_states

    return losses_of_hidden_states(hidden, targets, weights, head)


def by_logits(hidden: Any, targets: Any, weights: Any, head: Any) -> Any:
    import torch

    from axolotl_replicate.prompt_loss.cross_entropy import losses_of_logits

    rows = torch.cat([torch.zeros(1, WIDTH), hidden])  # the first of them is nobody's prediction
    positions = torch.arange(len(targets)) + 1
    return losses_of_logits(head(rows), positions, targets, weights)


@pytest.mark.parametrize("ways", [by_hidden_states, by_logits])
@pytest.mark.parametrize("make_head", [linear, with_adapter])
@given(
    weights=st.lists(st.sampled_from([0.0, 0.1, 0.5, 1.0, 2.0]), min_size=0, max_size=9),
    tokens_at_once=st.integers(1, 10),
    bias=st.booleans(),
    trained=st.booleans(),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=40, deadline=None)
def test_losses_and_gradients_are_torchs_own(
    ways: Callable[..., Any],
    make_head: Callable[..., Any],
    weights: list[float],
    tokens_at_once: int,
    bias: bool,
    trained: bool,
    seed: int,
) -> None:
    """Sum, losses, guesses and every gradient are torch's, for any weights and size of block."""
    import torch

    from axolotl_replicate.prompt_loss import cross_entropy

    torch.manual_seed(seed)
    head = make_head(bias=bias, trained=trained)
    hidden = torch.randn(len(weights), WIDTH, requires_grad=True)
    targets = torch.randint(VOCABULARY, (len(weights),))
    weight = torch.tensor(weights)
    inputs = [hidden, *(each for each in head.parameters() if each.requires_grad)]
    logits = head(hidden)
    expected = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
    expected_gradients = torch.autograd.grad(
        (expected * weight).sum() / 3, inputs, allow_unused=True, materialize_grads=True
    )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cross_entropy, "BLOCK_TOKENS", tokens_at_once)
        found = ways(hidden, targets, weight, head)
        gradients = torch.autograd.grad(found.weighted_sum / 3, inputs)

    torch.testing.assert_close(found.weighted_sum, (expected * weight).sum())
    torch.testing.assert_close(found.losses, expected.detach())
    assert torch.equal(found.correct, logits.argmax(-1) == targets)
    for expected_gradient, gradient in zip(expected_gradients, gradients, strict=True):
        torch.testing.assert_close(gradient, expected_gradient)


def test_losses_without_gradients_are_the_same() -> None:
    """In an evaluation, where nothing is differentiated, the losses are those of training."""
    import torch

    head = linear(bias=False, trained=True)
    hidden, targets = torch.randn(5, WIDTH), torch.arange(5)
    weights = torch.tensor([0.0, 1.0, 0.5, 1.0, 0.0])
    in_training = by_hidden_states(hidden.requires_grad_(), targets, weights, head)

    with torch.no_grad():
        in_evaluation = by_hidden_states(hidden, targets, weights, head)

    torch.testing.assert_close(in_training.losses, in_evaluation.losses)
    torch.testing.assert_close(in_training.weighted_sum, in_evaluation.weighted_sum)
    assert not in_evaluation.weighted_sum.requires_grad


def test_half_precision_is_summed_in_float32() -> None:
    """Losses of bfloat16 logits are those of the same numbers in float32."""
    import torch

    head = linear(bias=False, trained=False).to(torch.bfloat16)
    hidden, targets = torch.randn(5, WIDTH, dtype=torch.bfloat16), torch.arange(5)
    expected = torch.nn.functional.cross_entropy(head(hidden).float(), targets, reduction="none")

    found = by_hidden_states(hidden, targets, torch.ones(5), head)

    assert found.losses.dtype == torch.float32
    torch.testing.assert_close(found.losses, expected)


@pytest.mark.parametrize("weights", [[1e-4] * 6, [1.0] * 5 + [1e5], [0.01] * 6])
def test_float16_keeps_gradients_of_any_weight(weights: list[float]) -> None:
    """Neither small nor large weights are lost in float16, where loss scaling comes too late."""
    import torch

    torch.manual_seed(0)
    head = torch.nn.Linear(WIDTH, 4000, bias=False).requires_grad_(False)
    states, targets, weight = torch.randn(6, WIDTH), torch.arange(6), torch.tensor(weights)
    gradients = []
    for kind in (torch.float32, torch.float16):
        hidden = states.clone().requires_grad_()
        with torch.autocast("cpu", torch.float16, enabled=kind == torch.float16):
            found = by_hidden_states(hidden, targets, weight, head)
        (found.weighted_sum / weight.sum() * 65536).backward()
        gradients.append(hidden.grad / 65536)

    expected, gradient = gradients
    assert (expected - gradient).norm() < 0.005 * expected.norm()


def tiny(kind: str, **changes: Any) -> Any:
    """A model of a few thousand random weights, of an architecture that transformers knows."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(0)
    config = AutoConfig.for_model(
        kind,
        vocab_size=32,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=8,
        pad_token_id=0,
        **changes,
    )
    return AutoModelForCausalLM.from_config(config)


@pytest.mark.parametrize(
    ("kind", "changes", "name"),
    [
        ("llama", {}, "torch"),
        ("llama", {"tie_word_embeddings": True}, "torch"),
        ("qwen2", {}, "torch"),
        ("granite", {"logits_scaling": 4.0}, "torch"),  # scaled hidden states project the same
        ("gemma2", {"final_logit_softcapping": 30.0}, "none"),
    ],
)
def test_fused_only_where_logits_are_the_projection(
    kind: str, changes: dict[str, Any], name: str
) -> None:
    """A model that changes its logits after projecting keeps them; all others need none."""
    import torch

    from axolotl_replicate.prompt_loss.fusion import choose_path

    model = tiny(kind, **changes).train()
    random_state = torch.get_rng_state()

    path = choose_path("auto", model)

    assert name == path.name, path.reason
    assert torch.equal(random_state, torch.get_rng_state())
    assert all(module.training for module in model.modules())


@pytest.mark.parametrize("trained_head", [True, False])
def test_a_fused_model_gives_the_gradients_of_its_logits(trained_head: bool) -> None:
    """With the projection left to the loss, every parameter gets the gradient it would have had."""
    import torch

    from axolotl_replicate.prompt_loss.fusion import choose_path

    model = tiny("llama")
    model.lm_head.requires_grad_(trained_head)
    parameters = [each for each in model.parameters() if each.requires_grad]
    input_ids = torch.arange(12).view(2, 6)
    positions, targets = torch.tensor([0, 1, 4, 7, 10]), torch.tensor([1, 2, 5, 8, 11])
    weights = torch.tensor([0.1, 1.0, 0.0, 1.0, 2.0])
    gradients = []
    for wanted in ("none", "torch"):
        path = choose_path(wanted, model)
        with path.around_forward():
            returned = model(input_ids=input_ids).logits
        losses = path.losses(returned.flatten(0, 1), positions, targets, weights)
        gradients.append(torch.autograd.grad(losses.weighted_sum, parameters))

    assert model(input_ids=input_ids).logits.shape == (2, 6, 32)
    for of_logits, fused in zip(*gradients, strict=True):
        torch.testing.assert_close(of_logits, fused)


@pytest.mark.parametrize("of_weights", ["float32", "bfloat16"])
def test_mixed_precision_is_fused_like_its_logits(of_weights: str) -> None:
    """Under accelerate's bfloat16, fused losses and gradients are those of the model's logits."""
    import torch
    from accelerate import Accelerator

    from axolotl_replicate.prompt_loss.fusion import choose_path

    accelerator = Accelerator(mixed_precision="bf16", cpu=True)
    model = tiny("llama").to(getattr(torch, of_weights))
    model.lm_head.requires_grad_(False)
    model = accelerator.prepare_model(model)
    parameters = [each for each in model.parameters() if each.requires_grad]
    targets, weights = torch.arange(1, 8), torch.tensor([0.1, 0.1, 0.0, 1.0, 1.0, 2.0, 1.0])
    outcomes = []
    for wanted in ("none", "torch"):
        with accelerator.autocast():
            path = choose_path(wanted, model)
        with path.around_forward():
            returned = model(input_ids=torch.arange(8).unsqueeze(0)).logits
        with accelerator.autocast():
            losses = path.losses(returned.flatten(0, 1), torch.arange(7), targets, weights)
        gradients = torch.autograd.grad(losses.weighted_sum, parameters)
        outcomes.append((losses.losses, gradients))

    (of_logits, logit_gradients), (fused, fused_gradients) = outcomes
    torch.testing.assert_close(of_logits, fused)
    for expected, found in zip(logit_gradients, fused_gradients, strict=True):
        torch.testing.assert_close(expected, found, rtol=0.02, atol=0.001)


@pytest.mark.parametrize(
    ("wanted", "obstacle", "kind", "said"),
    [
        ("liger", None, "llama", "liger needs a GPU"),
        ("torch", "the weights are elsewhere", "llama", "torch .*: the weights are elsewhere"),
        ("torch", None, "gemma2", "after projecting"),
    ],
)
def test_a_way_that_is_forced_and_cannot_be_had_is_an_error(
    wanted: str, obstacle: str | None, kind: str, said: str
) -> None:
    """What `prompt_loss_fusion` names and this model or machine cannot do is said, with why."""
    from axolotl_replicate.prompt_loss.fusion import FusionError, choose_path

    changes = {"final_logit_softcapping": 30.0} if kind == "gemma2" else {}

    with pytest.raises(FusionError, match=said):
        choose_path(wanted, tiny(kind, **changes), obstacle)

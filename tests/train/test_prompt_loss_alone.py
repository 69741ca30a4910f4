"""The loss plugin alone, over Axolotl's own dataset types: what they mask is the prompt."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from train.conftest import REPOSITORY, Lab
from train.test_prepared_data import prepared_rows
from train.test_prompt_loss import EXACT, SAME, WEIGHTED, assert_close, logged_in

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

STEPS = 2
NUMBERS = range(1, 7)
ALPACA = [{"instruction": f"Count to {n}", "input": "", "output": "one " * n} for n in NUMBERS]
INPUT_OUTPUT = [
    {
        "segments": [
            {"label": False, "text": f"<s>Count to {n}: "},
            {"label": True, "text": "one " * n},
            {"label": False, "text": "(counted) "},
            {"label": True, "text": "done</s>"},
        ]
    }
    for n in NUMBERS
]
CHAT = [
    {
        "messages": [
            {"role": "user", "content": f"Count to {n}"},
            {"role": "assistant", "content": "one " * n},
            {"role": "user", "content": "And back"},
            {"role": "assistant", "content": "eno " * n},
        ]
    }
    for n in NUMBERS
]
COMPLETION = [{"text": "one " * n} for n in NUMBERS]
# words by chance, 40 rows of lengths that sequential packing does not always fit into as many packs
SHRINKING = REPOSITORY / "tests" / "data" / "packs_that_shrink.jsonl"
TYPES: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "alpaca": (ALPACA, {}),
    "input_output": (INPUT_OUTPUT, {}),
    "chat_template": (CHAT, {"chat_template": "chatml"}),
    "completion": (COMPLETION, {}),
}


@pytest.fixture
def trained(lab: Lab, write_rows: Callable[..., Path]) -> Callable[..., list[dict[str, float]]]:
    """Trains all weights of the tiny model on one of Axolotl's dataset types, in a fresh folder."""

    def train(kind: str, **keys: Any) -> list[dict[str, float]]:
        for name in ("out", "prepared"):
            shutil.rmtree(lab.folder / name, ignore_errors=True)
        rows, of_kind = TYPES[kind]
        dataset = {"path": str(write_rows(rows)), "ds_type": "json", "type": kind, "split": "train"}
        recipe = lab.write_recipe(
            **{
                "datasets": [dataset],
                "plugins": [WEIGHTED],
                "val_set_size": 0,
                "sequence_len": 512,
                "num_epochs": STEPS,
                "max_steps": STEPS,
                "micro_batch_size": len(rows),
                "gradient_accumulation_steps": 1,
                "learning_rate": 0.001,
                "lr_scheduler": "constant",
                "optimizer": "adamw_torch",
                "bf16": False,
                "fp16": False,
                "tf32": False,
                **of_kind,
                **keys,
            }
        )
        finished = lab.train(recipe)
        assert finished.exit_code == 0, finished.output
        return logged_in(lab)

    return train


@pytest.mark.parametrize("weight", [0, 1])
def test_0_and_1_equal_axolotls_own_masking(
    weight: int, trained: Callable[..., list[dict[str, float]]]
) -> None:
    """At 0 and 1 every loss and gradient norm is that of `train_on_inputs: false` and `true`."""
    stock = trained("alpaca", plugins=None, train_on_inputs=bool(weight))

    ours = trained("alpaca", prompt_loss_weight=weight)

    assert_close(stock, ours, EXACT)


@pytest.mark.parametrize("kind", ["alpaca", "input_output", "chat_template"])
def test_masked_tokens_weigh_as_prompt(
    kind: str, lab: Lab, trained: Callable[..., list[dict[str, float]]]
) -> None:
    """The loss is the weighted mean in which masked tokens count 0.3, as plain torch has it."""
    import torch
    from transformers import AutoModelForCausalLM

    (first, *_) = trained(kind, prompt_loss_weight=0.3)

    model = AutoModelForCausalLM.from_pretrained(lab.model, dtype=torch.float32)
    rows = prepared_rows(lab.folder)
    losses, weights = [], []
    for row in rows:
        ids = torch.tensor(row["input_ids"])
        with torch.no_grad():
            logits = model(input_ids=ids.unsqueeze(0)).logits[0].double()
        losses.append(torch.nn.functional.cross_entropy(logits[:-1], ids[1:], reduction="none"))
        masked = torch.tensor(row["labels"])[1:] == -100
        weights.append(torch.where(masked, 0.3, 1.0).double())
    loss, weight = torch.cat(losses), torch.cat(weights)
    prompt, completion = loss[weight < 1], loss[weight == 1]
    assert len(rows) == len(NUMBERS)
    assert len(prompt) > 0
    expected = {
        "loss": ((loss * weight).sum() / weight.sum()).item(),
        "prompt_loss": prompt.mean().item(),
        "completion_loss": completion.mean().item(),
    }
    assert_close([expected], [first], SAME)


def test_a_packed_row_keeps_records_apart(trained: Callable[..., list[dict[str, float]]]) -> None:
    """Packed without saying which attention to use, records do not see one another."""
    apart = trained("input_output", prompt_loss_weight=0.3)

    packed = trained(
        "input_output", prompt_loss_weight=0.3, sample_packing=True, micro_batch_size=1
    )

    assert_close(apart, packed, SAME)


def test_a_type_that_masks_nothing_is_said(
    lab: Lab, trained: Callable[..., list[dict[str, float]]]
) -> None:
    """Where nothing is a prompt, the loss is that of all tokens, and a note says so."""
    logged = trained("completion", prompt_loss_weight=0.3)

    assert all("prompt_loss" not in entry for entry in logged)
    assert_close([{"loss": logged[0]["completion_loss"]}], logged[:1], EXACT)
    assert "prompt_loss_weight has had no effect" in (lab.folder / "axolotl.log").read_text()


def test_experts_are_balanced_as_in_axolotls_own(
    lab: Lab, trained: Callable[..., list[dict[str, float]]]
) -> None:
    """A mixture's balancing loss, which models add only to losses of their own, is not lost."""
    import torch
    from transformers import AutoTokenizer, MixtralConfig, MixtralForCausalLM

    tokenizer = AutoTokenizer.from_pretrained(lab.model)
    torch.manual_seed(0)
    config = MixtralConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        num_local_experts=2,
        max_position_embeddings=512,
        output_router_logits=True,
        router_aux_loss_coef=0.5,
    )
    folder = lab.folder / "mixture"
    MixtralForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    keys = {"base_model": str(folder), "attn_implementation": "sdpa"}
    stock = trained("input_output", plugins=None, train_on_inputs=False, **keys)

    ours = trained("input_output", prompt_loss_weight=0, **keys)

    assert_close(stock, ours, EXACT)
    assert ours[0]["loss"] > ours[0]["completion_loss"] + 0.1


def test_an_epoch_with_fewer_packs_than_counted_ends(
    trained: Callable[..., list[dict[str, float]]],
) -> None:
    """Packs that are made anew may be fewer than in the first epoch; the run goes on."""
    logged = trained(
        "alpaca",
        datasets=[{"path": str(SHRINKING), "ds_type": "json", "type": "alpaca", "split": "train"}],
        prompt_loss_weight=0.3,
        sample_packing=True,
        sample_packing_sequentially=True,
        micro_batch_size=1,
        num_epochs=10,
        max_steps=None,
        seed=1,
    )

    assert len(logged) > STEPS

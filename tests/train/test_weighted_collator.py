"""The collator lays weights beside Axolotl's own tensors, token by token."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

PAD_ID = 0


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    """A record as our dataset type stores it: prompt, completion, weights."""
    prompt = draw(st.lists(st.integers(3, 30), max_size=5))
    completion = draw(st.lists(st.integers(3, 30), min_size=2, max_size=5))
    weight = draw(st.sampled_from([0.0, 0.5, 1.0, 2.0]))
    prompt_loss_weight = 0.25
    return {
        "input_ids": prompt + completion,
        "attention_mask": [1] * len(prompt + completion),
        "labels": prompt + completion,
        "position_ids": list(range(len(prompt + completion))),
        "loss_weights": [prompt_loss_weight * weight] * len(prompt) + [weight] * len(completion),
        "completion_mask": [0] * len(prompt) + [1] * len(completion),
    }


def expected_tokens(record: dict[str, Any]) -> list[tuple[int, int, float, float]]:
    """Id, label, loss weight and prompt weight of each of a record's tokens."""
    weight = record["loss_weights"][-1]
    tokens = [
        (token, token, loss_weight, 0.0 if of_completion else weight)
        for token, loss_weight, of_completion in zip(
            record["input_ids"], record["loss_weights"], record["completion_mask"], strict=True
        )
    ]
    return [(tokens[0][0], -100, 0.0, 0.0), *tokens[1:]]


def collated_tokens(batch: Any) -> list[list[tuple[int, int, float, float]]]:
    """The same of each row of a batch, padding left out once it is seen to weigh nothing."""
    names = ("input_ids", "labels", "loss_weights", "prompt_weights")
    rows = []
    for row in range(len(batch["input_ids"])):
        tokens = list(zip(*(batch[name][row].tolist() for name in names), strict=True))
        padding = [token for token in tokens if token[0] == PAD_ID]
        assert all(token == (PAD_ID, -100, 0.0, 0.0) for token in padding)
        rows.append([token for token in tokens if token[0] != PAD_ID])
    return rows


@pytest.fixture(scope="module")
def tokenizer(tiny_model: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny_model)


@pytest.mark.parametrize("side", ["left", "right"])
@given(batch=st.lists(records(), min_size=1, max_size=4), multiple=st.sampled_from([None, 8]))
@settings(max_examples=30, deadline=None)
def test_every_token_keeps_its_weights_through_padding(
    side: str, batch: list[dict[str, Any]], multiple: int | None, tokenizer: Any
) -> None:
    """Each record's tokens come out once, in order, with their own weights; padding with none."""
    from axolotl.utils.collators import DataCollatorForSeq2Seq

    from axolotl_replicate.prompt_loss.collator import WeightedCollator

    tokenizer.padding_side = side
    inner = DataCollatorForSeq2Seq(tokenizer, pad_to_multiple_of=multiple)

    collated = WeightedCollator(inner, 0.25, packed=False)(batch)

    assert [expected_tokens(record) for record in batch] == collated_tokens(collated)


@pytest.mark.parametrize("nested", [True, False])
@given(packs=st.lists(st.lists(records(), min_size=1, max_size=4), min_size=1, max_size=3))
@settings(max_examples=30, deadline=None)
def test_every_token_keeps_its_weights_through_packing(
    nested: bool, packs: list[list[dict[str, Any]]], tokenizer: Any
) -> None:
    """A pack is its records one after another, each one's first token no target."""
    from axolotl.utils.collators import V2BatchSamplerDataCollatorForSeq2Seq

    from axolotl_replicate.prompt_loss.collator import WeightedCollator

    tokenizer.padding_side = "right"
    inner = V2BatchSamplerDataCollatorForSeq2Seq(tokenizer)
    packs = packs if nested else packs[:1]

    collated = WeightedCollator(inner, 0.25, packed=True)(packs if nested else packs[0])

    expected = [[token for record in pack for token in expected_tokens(record)] for pack in packs]
    assert expected == collated_tokens(collated)


def test_masked_labels_become_prompt_weights(tokenizer: Any) -> None:
    """Where no weights are stored, masked tokens are the prompt and the others weigh 1."""
    from axolotl.utils.collators import DataCollatorForSeq2Seq

    from axolotl_replicate.prompt_loss.collator import WeightedCollator

    feature = {
        "input_ids": [5, 6, 7, 8, 9],
        "attention_mask": [1] * 5,
        "labels": [-100, -100, 7, -100, 9],
    }

    collated = WeightedCollator(DataCollatorForSeq2Seq(tokenizer), 0.5, packed=False)([feature])

    expected = [(5, -100, 0.0, 0.0), (6, 6, 0.5, 1.0), (7, 7, 1.0, 0.0), (8, 8, 0.5, 1.0)]
    assert [[*expected, (9, 9, 1.0, 0.0)]] == collated_tokens(collated)

"""The learning rate as a multiple of the base model's pre-training rate."""

from typing import Any

import pytest

from dataset_tools.errors import InputError
from dataset_tools.pretraining_rates import known_pretraining_rate, multiplied_learning_rate
from dataset_tools.recipe_keys import check_names

LLAMA_2_CONFIG = {
    "model_type": "llama",
    "vocab_size": 32000,
    "max_position_embeddings": 4096,
    "hidden_size": 4096,
    "num_hidden_layers": 32,
}


@pytest.mark.parametrize(
    ("name", "rate"),
    [
        ("meta-llama/Llama-2-7b-hf", 3.0e-4),
        ("meta-llama/Llama-2-7b-chat-hf", 3.0e-4),
        ("NousResearch/Llama-2-13b-hf", 3.0e-4),
        ("llama2-34b", 1.5e-4),
        ("/models/Llama-2-70B-chat/", 1.5e-4),
        ("mistralai/Mistral-7B-v0.1", None),
        ("meta-llama/Llama-3.2-1B", None),
        ("meta-llama/Meta-Llama-3-70B", None),
        ("princeton-nlp/Sheared-LLaMA-2.7B", None),
        ("codellama/CodeLlama-7b-hf", None),
        ("llama-2-runs/mistral-7b", None),
        ("llama-2-170b", None),
    ],
)
def test_llama_2_is_known_by_its_name(name: str, rate: float | None) -> None:
    """Folders and hub names of Llama 2 have the paper's rates; other models' have none."""
    known = known_pretraining_rate(name, {})

    assert rate == (known.rate if known else None)


@pytest.mark.parametrize(
    ("changes", "owner"),
    [
        ({}, "Llama 2 7B"),
        ({"hidden_size": 5120, "num_hidden_layers": 40}, "Llama 2 13B"),
        ({"hidden_size": 8192, "num_hidden_layers": 48}, "Llama 2 34B"),
        ({"hidden_size": 8192, "num_hidden_layers": 80}, "Llama 2 70B"),
        ({"hidden_size": 64}, None),
        ({"model_type": "mistral"}, None),
        ({"max_position_embeddings": 2048}, None),
        ({"vocab_size": 64000}, None),
    ],
)
def test_llama_2_is_known_by_its_shape(changes: dict[str, Any], owner: str | None) -> None:
    """A folder of any name that holds Llama 2 is recognised by `config.json`."""
    known = known_pretraining_rate("base", {**LLAMA_2_CONFIG, **changes})

    assert owner == (known.owner if known else None)


def test_the_rate_is_multiplied_and_explained() -> None:
    """Multiplier × rate, with both factors and where the second is from."""
    rate, reason = multiplied_learning_rate(0.1, "meta-llama/Llama-2-70b-hf", None, {})

    assert rate == pytest.approx(1.5e-5)
    expected = "learning_rate_multiplier 0.1 × 0.00015, what Llama 2 70B was pre-trained with"
    assert expected == reason


def test_a_given_rate_goes_before_a_known_one() -> None:
    """`pretraining_learning_rate` decides, whatever the model is called."""
    rate, reason = multiplied_learning_rate(0.5, "meta-llama/Llama-2-7b-hf", 2e-4, {})

    assert rate == pytest.approx(1e-4)
    assert reason.endswith("× 0.0002, pretraining_learning_rate")


def test_an_unknown_rate_is_asked_for() -> None:
    """Without a known model the message names the key that has to be given."""
    with pytest.raises(InputError, match=r"^learning_rate_multiplier: .*expected pretraining_lear"):
        multiplied_learning_rate(0.1, "gpt2", None, {"model_type": "gpt2"})


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (
            {"learning_rate_multiplier": 0.1, "learning_rate": 1e-4},
            "^learning_rate_multiplier and learning_rate: both given",
        ),
        ({"pretraining_learning_rate": 3e-4}, "no effect without learning_rate_multiplier"),
    ],
)
def test_keys_that_would_be_ignored_are_refused(recipe: dict[str, float], message: str) -> None:
    """A learning rate beside a multiplier, and a pre-training rate without one, are errors."""
    with pytest.raises(InputError, match=message):
        check_names(recipe)

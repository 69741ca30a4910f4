"""Learning rates that base models were pre-trained with, for `learning_rate_multiplier`.

OpenAI's fine-tuning counts in multiples of that rate. Llama 2's is in the paper: 3.0e-4 for 7B and
13B, 1.5e-4 for 34B and 70B (Touvron et al. 2023, arXiv 2307.09288, table 1).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dataset_tools.errors import InputError

_LLAMA_2_RATES = {"7B": 3.0e-4, "13B": 3.0e-4, "34B": 1.5e-4, "70B": 1.5e-4}
_LLAMA_2_SIZES = {(4096, 32): "7B", (5120, 40): "13B", (8192, 48): "34B", (8192, 80): "70B"}
# 'Llama-2-7b-hf', 'llama2_13B-chat', but neither 'Sheared-LLaMA-2.7B' nor 'Llama-3.2-1B'
_LLAMA_2_NAME = re.compile(
    r"llama[-_ ]?v?2(?![\d.]).*?(?<![\d.])(7|13|34|70)b(?![a-z\d])", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class PretrainingRate:
    """A learning rate, and whose it is, in words."""

    rate: float
    owner: str


def known_pretraining_rate(
    base_model: str, model_config: Mapping[str, Any]
) -> PretrainingRate | None:
    """The rate of a model whose `config.json`, folder or hub name is one of Llama 2's, else None.

    Fine-tuned models of Llama 2's shape count as Llama 2, whatever their name.
    """
    size = _size_by_config(model_config) or _size_by_name(base_model)
    return PretrainingRate(_LLAMA_2_RATES[size], f"Llama 2 {size}") if size else None


def multiplied_learning_rate(
    multiplier: float, base_model: str, given_rate: float | None, model_config: Mapping[str, Any]
) -> tuple[float, str]:
    """The learning rate, and how it came about, in words; a given pre-training rate goes first.

    Raises InputError where the rate is neither given nor known.
    """
    known = known_pretraining_rate(base_model, model_config)
    if given_rate is not None:
        found = PretrainingRate(given_rate, "pretraining_learning_rate")
    elif known is not None:
        found = PretrainingRate(known.rate, f"what {known.owner} was pre-trained with")
    else:
        raise InputError(
            "learning_rate_multiplier: found no pre-training rate for "
            f"base_model '{base_model}', expected pretraining_learning_rate beside it (Llama 2's "
            "alone is known); or set learning_rate instead"
        )
    rate = multiplier * found.rate
    return rate, f"learning_rate_multiplier {multiplier:g} × {found.rate:g}, {found.owner}"


def _size_by_config(model_config: Mapping[str, Any]) -> str | None:
    is_llama_2 = (
        model_config.get("model_type") == "llama"
        and model_config.get("vocab_size") == 32000
        and model_config.get("max_position_embeddings") == 4096  # Llama 1 has 2048, others more
    )
    shape = (model_config.get("hidden_size"), model_config.get("num_hidden_layers"))
    return _LLAMA_2_SIZES.get(shape) if is_llama_2 else None  # type: ignore[arg-type]


def _size_by_name(base_model: str) -> str | None:
    last_part = re.split(r"[/\\]", base_model.rstrip("/\\"))[-1]
    found = _LLAMA_2_NAME.search(last_part)
    return f"{found[1]}B" if found else None

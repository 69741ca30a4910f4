"""The recipe's prompts as the token ids to send: the very prefix that training sees."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from axolotl_replicate.inputs.registration import STRATEGY
from dataset_tools.errors import InputError
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.recipe import data_settings
from dataset_tools.recipe_keys import read_keys
from dataset_tools.tokenizer import wrap_tokenizer
from dataset_tools.tokens import inference_ids

LONGEST_RESPONSE = 256  # tokens


@dataclass(frozen=True, slots=True)
class EncodedPrompt:
    """A prompt as the recipe has it, the ids to send, and how many tokens may follow."""

    text: str
    ids: list[int]
    max_new_tokens: int


def prompt_texts(cfg: Mapping[str, Any]) -> list[str]:
    """The prompts of a recipe, none where it has none; raises InputError on a wrong type."""
    value = read_keys(cfg, ["validation_prompt"])["validation_prompt"]
    if not value:
        return []
    return [value] if isinstance(value, str) else list(value)


def encode_prompts(
    cfg: Mapping[str, Any], transformers_tokenizer: Any, model_config: Any
) -> list[EncodedPrompt]:
    """What to send for each prompt; raises InputError where one leaves no room for a response."""
    tokenizer = wrap_tokenizer(transformers_tokenizer)
    prompt_format = trained_format(cfg)
    limit, limit_name = _limit(cfg, model_config)
    encoded = []
    for text in prompt_texts(cfg):
        ids = inference_ids(text, prompt_format, tokenizer)
        if not ids:
            raise InputError(
                "validation_prompt: found an empty text and a tokenizer without BOS, so that "
                "nothing could be sent; give a prompt"
            )
        if len(ids) >= limit:
            raise InputError(
                f"validation_prompt: {len(ids)} tokens leave no room for a response within "
                f"{limit_name} of {limit}; shorten the prompt or raise the limit"
            )
        encoded.append(EncodedPrompt(text, ids, min(LONGEST_RESPONSE, limit - len(ids))))
    return encoded


def trained_format(cfg: Mapping[str, Any]) -> PromptFormat:
    """The format that the run trains in.

    Text records have no separator. Over Axolotl's own dataset types a prompt stands as it is.
    """
    ours = [entry for entry in cfg.get("datasets") or [] if entry.get("type") == STRATEGY]
    if not ours:
        return PromptFormat(separator="", stop_sequence="")
    prompt_format = data_settings(cfg).training_format.prompt_format
    with Path(ours[0]["path"]).open(encoding="utf-8") as stored:
        first_record = json.loads(next(stored))
    return prompt_format if "prompt" in first_record else replace(prompt_format, separator="")


def _limit(cfg: Mapping[str, Any], model_config: Any) -> tuple[int, str]:
    """The most tokens of prompt and response together, and what sets that limit."""
    limits = [(cfg["sequence_len"], "chunk_size (sequence_len)")]
    text_config = getattr(model_config, "get_text_config", lambda: model_config)()
    positions = getattr(text_config, "max_position_embeddings", None)
    if positions:
        limits.append((positions, "the model's positions"))
    return min(limits)

"""Tokenizers: a model's own, as the little that rendering needs (`dataset_tools.tokens`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dataset_tools.errors import InputError, MissingExtraError

_PROBE = "a"


@dataclass(frozen=True, slots=True)
class ModelTokenizer:
    """A transformers tokenizer; `bos_id` is None where the tokenizer puts no BOS before a text."""

    transformers_tokenizer: Any
    bos_id: int | None
    eos_id: int

    def encode(self, text: str) -> list[int]:
        """The text's token ids, without special tokens around them."""
        if not text:
            return []
        ids: list[int] = self.transformers_tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def spell(self, ids: list[int]) -> list[str]:
        """The tokens as the vocabulary spells them."""
        tokens: list[str] = self.transformers_tokenizer.convert_ids_to_tokens(ids)
        return tokens


def wrap_tokenizer(transformers_tokenizer: Any) -> ModelTokenizer:
    """A tokenizer that transformers has loaded; raises InputError if it has no EOS token."""
    eos_id = transformers_tokenizer.eos_token_id
    if eos_id is None:
        raise InputError(
            "the tokenizer has no EOS token, without which the model would never learn to stop; "
            "set special_tokens: {eos_token: …} in the recipe or use another tokenizer"
        )
    bos_id = transformers_tokenizer.bos_token_id
    ids = transformers_tokenizer(_PROBE)["input_ids"]
    adds_bos = bos_id is not None and ids[:1] == [bos_id]
    return ModelTokenizer(transformers_tokenizer, bos_id if adds_bos else None, eos_id)


def load_tokenizer(
    name: str, special_tokens: Mapping[str, str] = MappingProxyType({})
) -> ModelTokenizer:
    """The tokenizer of a local folder or a hub name, with a recipe's `special_tokens` set.

    Raises MissingExtraError without transformers, InputError where no tokenizer loads.
    """
    if name.startswith(("/", ".", "~")) and not Path(name).expanduser().exists():
        raise InputError(f"{name}: no such file or folder; name a model's folder or a hub name")
    try:
        from transformers import AddedToken, AutoTokenizer
    except ImportError as error:
        raise MissingExtraError("reading a tokenizer", "tokens") from error

    try:
        tokenizer = AutoTokenizer.from_pretrained(name)
        for role, token in special_tokens.items():
            tokenizer.add_special_tokens({role: AddedToken(token, normalized=False)})
        return wrap_tokenizer(tokenizer)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"{name}: no tokenizer can be loaded from it: {reason}") from error

"""The keys with which a recipe chooses its attention, in Axolotl's new and old spelling."""

from collections.abc import Mapping
from typing import Any

ATTENTION_KEYS = (
    "attn_implementation",
    "eager_attention",
    "sdp_attention",
    "flash_attention",
    "flex_attention",
    "xformers_attention",
    "sage_attention",
)


def chooses_attention(recipe: Mapping[str, Any]) -> bool:
    """Whether the recipe says itself how to attend; Axolotl refuses a second choice."""
    return any(recipe.get(key) for key in ATTENTION_KEYS)

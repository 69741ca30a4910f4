"""From a recipe with `prompt_loss_weight` to the configuration that Axolotl validates."""

from collections.abc import MutableMapping
from typing import Any

from axolotl_replicate.attention import chooses_attention
from axolotl_replicate.prompt_loss.args import KEY_NAMES
from axolotl_replicate.prompt_loss.conflicts import check_conflicts
from axolotl_replicate.running_command import needs_data
from axolotl_replicate.termination import say
from dataset_tools.recipe import prompt_loss_weight
from dataset_tools.recipe_keys import check_spelling, read_keys


def apply_prompt_loss(cfg: MutableMapping[str, Any]) -> None:
    """Fill the configuration; does the same again where it is called again.

    Raises InputError on a value out of range, a misspelt key, and keys that exclude one another.
    """
    check_spelling(cfg, KEY_NAMES)
    check_conflicts(cfg)
    values = read_keys(cfg, KEY_NAMES)
    values["prompt_loss_weight"] = prompt_loss_weight(cfg, values["prompt_loss_weight"])
    cfg.update(values)
    if values["prompt_loss_weight"] != 1:
        cfg["train_on_inputs"] = False  # Axolotl masks the prompt; the mask becomes weights
    if cfg.get("sample_packing") and not chooses_attention(cfg):
        cfg["attn_implementation"] = "sdpa"
        if needs_data(cfg):
            say(
                "axolotl-replicate: attn_implementation: sdpa (left unset, packed records attend "
                "to one another)"
            )

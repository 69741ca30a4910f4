"""The plugin's keys, declared to Axolotl, which drops every key it does not know."""

from typing import Any

from pydantic import BaseModel, Field, create_model

from dataset_tools.recipe_keys import RECIPE_KEYS

KEY_NAMES = ("prompt_loss_weight", "prompt_loss_normalization", "prompt_loss_fusion")

_declared: dict[str, Any] = {
    name: (
        RECIPE_KEYS[name].kind | None,
        Field(default=None, description=f"Expects {RECIPE_KEYS[name].expected}."),
    )
    for name in KEY_NAMES
}

PromptLossArgs: type[BaseModel] = create_model("PromptLossArgs", **_declared)

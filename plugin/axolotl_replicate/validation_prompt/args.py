"""The plugin's key, declared to Axolotl, which drops every key it does not know."""

from typing import Any

from pydantic import BaseModel, Field, create_model

from dataset_tools.recipe_keys import RECIPE_KEYS

KEY_NAME = "validation_prompt"

_key = RECIPE_KEYS[KEY_NAME]
_declared: dict[str, Any] = {
    KEY_NAME: (
        _key.declared_type | None,
        Field(default=None, description=f"Expects {_key.expected}."),
    )
}

ValidationPromptArgs: type[BaseModel] = create_model("ValidationPromptArgs", **_declared)

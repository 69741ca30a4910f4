"""The plugin's keys, declared to Axolotl, which drops every key it does not know.

Keys that Axolotl has under the same name stay its own.
"""

from typing import Any

from pydantic import BaseModel, Field, create_model

from dataset_tools.recipe_keys import RECIPE_KEYS

_declared: dict[str, Any] = {
    key.name: (
        key.declared_type | None,
        Field(default=None, description=f"Expects {key.expected}."),
    )
    for key in RECIPE_KEYS.values()
    if key.axolotl_name != key.name
}

ReplicateInputsArgs: type[BaseModel] = create_model("ReplicateInputsArgs", **_declared)

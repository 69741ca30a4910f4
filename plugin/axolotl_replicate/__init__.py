"""Axolotl plugins that give it the fine-tuning inputs people know from Replicate and OpenAI.

Name them under `plugins:` in a recipe, for instance `axolotl_replicate.ReplicateInputsPlugin`.
This module and what it imports stay light: Axolotl 0.19 and 0.20 print an ImportError of a plugin
and then train without it, so everything that can fail is imported inside the hooks.
"""

from axolotl_replicate.inputs.plugin import ReplicateInputsPlugin
from axolotl_replicate.prompt_loss.plugin import PromptLossWeightPlugin
from axolotl_replicate.termination import end_run
from axolotl_replicate.validation_prompt.plugin import ValidationPromptPlugin

__all__ = ["PromptLossWeightPlugin", "ReplicateInputsPlugin", "ValidationPromptPlugin"]


def __getattr__(name: str) -> object:
    """Answer a misspelt plugin with one line rather than Axolotl's traceback."""
    if name.endswith("Plugin"):
        known = ", ".join(f"axolotl_replicate.{plugin}" for plugin in __all__)
        end_run(f"plugins: axolotl_replicate has no '{name}'; it has {known}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

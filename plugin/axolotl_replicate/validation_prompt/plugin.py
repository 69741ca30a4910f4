"""`axolotl_replicate.ValidationPromptPlugin`: Axolotl's hooks, each handing on to its module."""

from typing import Any

from axolotl.integrations.base import BasePlugin

from axolotl_replicate.cpu import unpack_4bit_layers
from axolotl_replicate.termination import ending_the_run_on_error, say


class ValidationPromptPlugin(BasePlugin):  # type: ignore[misc]  # Axolotl is not type checked here
    """Generates a response to `validation_prompt` at every evaluation, over any dataset type."""

    def register(self, cfg: Any) -> None:
        """Check the key before Axolotl validates the recipe."""
        with ending_the_run_on_error(cfg.get("axolotl_config_path")):
            from axolotl_replicate.validation_prompt.hooks import check_recipe

            check_recipe(cfg)
        if not cfg.get("validation_prompt"):
            say(
                "axolotl-replicate: note: plugins names ValidationPromptPlugin, and the recipe "
                "gives no validation_prompt, so no response will be generated"
            )

    def get_input_args(self) -> str:
        """The dotted name of the key we declare."""
        return "axolotl_replicate.validation_prompt.args.ValidationPromptArgs"

    def load_datasets(self, cfg: Any, preprocess: bool = False) -> None:
        """Check that the prompts fit before any data is prepared; leaves data to Axolotl."""
        with ending_the_run_on_error(cfg.axolotl_config_path):
            from axolotl_replicate.validation_prompt.hooks import check_prompts

            check_prompts(cfg)

    def pre_lora_load(self, cfg: Any, model: Any) -> None:
        """Keep 4-bit layers trainable on a CPU, where generating would repack them."""
        unpack_4bit_layers(model)

    def add_callbacks_post_trainer(self, cfg: Any, trainer: Any) -> list[Any]:
        """The callback that generates."""
        with ending_the_run_on_error(cfg.axolotl_config_path):
            from axolotl_replicate.validation_prompt.hooks import callbacks

            return callbacks(cfg, trainer)

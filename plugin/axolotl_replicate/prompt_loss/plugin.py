"""`axolotl_replicate.PromptLossWeightPlugin`: Axolotl's hooks, each handing on to its module."""

from typing import Any

from axolotl.integrations.base import BasePlugin

from axolotl_replicate.cpu import unpack_4bit_layers
from axolotl_replicate.termination import end_run, ending_the_run_on_error


class PromptLossWeightPlugin(BasePlugin):  # type: ignore[misc]  # Axolotl is not type checked here
    """Trains prompt tokens at `prompt_loss_weight`, with any dataset type that masks prompts."""

    def register(self, cfg: Any) -> None:
        """Check the keys and set what they imply, before Axolotl validates them."""
        with ending_the_run_on_error(cfg.get("axolotl_config_path")):
            from axolotl_replicate.prompt_loss.registration import apply_prompt_loss

            apply_prompt_loss(cfg)

    def get_input_args(self) -> str:
        """The dotted name of the keys we declare."""
        return "axolotl_replicate.prompt_loss.args.PromptLossArgs"

    def pre_model_load(self, cfg: Any) -> None:
        """Refuse a plugin that would take the trainer's place, before a model is loaded."""
        from axolotl.integrations.base import PluginManager

        from axolotl_replicate.prompt_loss.conflicts import check_other_plugins

        with ending_the_run_on_error(cfg.axolotl_config_path):
            check_other_plugins(cfg, PluginManager.get_instance().plugins, self)

    def pre_lora_load(self, cfg: Any, model: Any) -> None:
        """Keep 4-bit layers trainable on a CPU, where looking at a few tokens would repack them."""
        unpack_4bit_layers(model)

    def get_trainer_cls(self, cfg: Any) -> type:
        """The trainer that applies the weights."""
        from axolotl_replicate.prompt_loss.trainer import PromptLossSettings, trainer_class

        trainer = trainer_class(
            PromptLossSettings(
                weight=cfg.prompt_loss_weight,
                normalization=cfg.prompt_loss_normalization,
                fusion=cfg.prompt_loss_fusion,
            )
        )
        if not cfg.train_data:  # other data than the inputs plugin's, batched by Axolotl
            return trainer
        from axolotl_replicate.batches.trainer import on_whole_steps

        return on_whole_steps(trainer)

    def add_callbacks_post_trainer(self, cfg: Any, trainer: Any) -> list[Any]:
        """Make sure that the trainer is ours; adds no callback."""
        from axolotl_replicate.prompt_loss.trainer import PromptLossTrainer

        if not isinstance(trainer, PromptLossTrainer):
            end_run(
                f"prompt_loss_weight would be ignored by {type(trainer).__name__}, which Axolotl "
                "chose as trainer; remove what brings it"
            )
        return []

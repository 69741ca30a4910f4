"""`axolotl_replicate.ReplicateInputsPlugin`: Axolotl's hooks, each handing on to its own module."""

import sys
from typing import Any

from axolotl.integrations.base import BasePlugin

from axolotl_replicate.cpu import unpack_4bit_layers
from axolotl_replicate.termination import ending_the_run_on_error


class ReplicateInputsPlugin(BasePlugin):  # type: ignore[misc]  # Axolotl is not type checked here
    """Trains on `train_data` with the keys of Replicate's Llama trainer."""

    def register(self, cfg: Any) -> None:
        """Turn our keys into Axolotl's before it validates them; may be called more than once."""
        with ending_the_run_on_error(cfg.get("axolotl_config_path")):
            from axolotl_replicate.inputs.registration import apply_inputs

            apply_inputs(cfg)

    def on_config_validation_error(self, cfg: Any) -> None:
        """End the run with one line where Axolotl would print the whole of pydantic's report."""
        with ending_the_run_on_error(cfg.get("axolotl_config_path")):
            from axolotl_replicate.inputs.validation_errors import explain_validation_error
            from dataset_tools.errors import InputError

            error = sys.exc_info()[1]  # Axolotl calls this while it handles the error
            if error is not None:
                raise InputError(explain_validation_error(error)) from error

    def get_input_args(self) -> str:
        """The dotted name of the keys we declare."""
        return "axolotl_replicate.inputs.args.ReplicateInputsArgs"

    def load_datasets(self, cfg: Any, preprocess: bool = False) -> None:
        """Check `validation_prompt`, which takes a tokenizer; leaves data to Axolotl."""
        with ending_the_run_on_error(cfg.axolotl_config_path):
            from axolotl_replicate.validation_prompt.hooks import check_prompts, is_done_by_plugin

            if not is_done_by_plugin(cfg):
                check_prompts(cfg)

    def pre_model_load(self, cfg: Any) -> None:
        """Refuse to pack for another plugin's trainer, before a model is loaded."""
        with ending_the_run_on_error(cfg.axolotl_config_path):
            from axolotl_replicate.inputs.trainer_choice import check_trainer

            check_trainer(cfg, self)

    def get_trainer_cls(self, cfg: Any) -> type | None:
        """The trainer that makes whole steps, unless another plugin brings one."""
        from axolotl_replicate.inputs.trainer_choice import choose_trainer

        return choose_trainer(cfg, self)

    def post_trainer_create(self, cfg: Any, trainer: Any) -> None:
        """Count the steps, and say what will be trained."""
        from axolotl_replicate.batches.steps import settle_steps

        settle_steps(cfg, trainer)

    def pre_lora_load(self, cfg: Any, model: Any) -> None:
        """Seed the initialisation of the LoRA weights, and keep 4-bit layers trainable on a CPU.

        Axolotl 0.19 and 0.20 leave the first to chance: two runs of one recipe then differ from
        the first step on.
        """
        from transformers import set_seed

        set_seed(cfg.seed)
        unpack_4bit_layers(model)

    def add_callbacks_post_trainer(self, cfg: Any, trainer: Any) -> list[Any]:
        """The callback that answers `validation_prompt`, unless its own plugin adds it."""
        with ending_the_run_on_error(cfg.axolotl_config_path):
            from axolotl_replicate.validation_prompt.hooks import callbacks, is_done_by_plugin

            return [] if is_done_by_plugin(cfg) else callbacks(cfg, trainer)

"""`axolotl_replicate.ReplicateInputsPlugin`: Axolotl's hooks, each handing on to its own module."""

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

    def get_input_args(self) -> str:
        """The dotted name of the keys we declare."""
        return "axolotl_replicate.inputs.args.ReplicateInputsArgs"

    def pre_lora_load(self, cfg: Any, model: Any) -> None:
        """Seed the initialisation of the LoRA weights, and keep 4-bit layers trainable on a CPU.

        Axolotl 0.19 and 0.20 leave the first to chance: two runs of one recipe then differ from
        the first step on.
        """
        from transformers import set_seed

        set_seed(cfg.seed)
        unpack_4bit_layers(model)

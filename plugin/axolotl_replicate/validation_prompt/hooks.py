"""What both plugins do for `validation_prompt`, hook by hook.

`ReplicateInputsPlugin` knows the key too and does the same, unless the recipe also lists
`ValidationPromptPlugin`, so that a response is generated once.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from axolotl_replicate.termination import say
from dataset_tools.recipe import VALIDATION_PLUGIN, lists_plugin
from dataset_tools.recipe_keys import check_spelling

_KEY = "validation_prompt"
_FALSE = (False, "no")  # YAML reads an unquoted `no` as false


def is_done_by_plugin(cfg: Mapping[str, Any]) -> bool:
    """Whether the recipe lists the key's own plugin."""
    return lists_plugin(cfg, VALIDATION_PLUGIN)


def check_recipe(cfg: Mapping[str, Any]) -> None:
    """Check the key and its companions before Axolotl validates; raises InputError."""
    from axolotl_replicate.validation_prompt.conflicts import check_conflicts
    from axolotl_replicate.validation_prompt.prompts import prompt_texts

    check_spelling(cfg, [_KEY])
    if prompt_texts(cfg):
        check_conflicts(cfg)


def check_prompts(cfg: Any) -> None:
    """Before data is prepared: the prompts fit, and there will be evaluations to answer them at.

    Raises InputError where a prompt leaves no room for a response.
    """
    if not cfg.validation_prompt:
        return
    from axolotl.loaders import load_tokenizer
    from axolotl.loaders.utils import load_model_config

    from axolotl_replicate.validation_prompt.prompts import encode_prompts

    encode_prompts(cfg, load_tokenizer(cfg), load_model_config(cfg))
    if not _is_evaluated(cfg):
        say(
            f"axolotl-replicate: note: {_KEY}: no evaluation is configured, so no response will "
            "ever be generated"
        )


def _is_evaluated(cfg: Any) -> bool:
    """Whether the validated configuration makes Axolotl evaluate during training."""
    has_data = bool(cfg.test_datasets) or bool(cfg.val_set_size)
    return has_data and bool(cfg.eval_steps or (cfg.eval_strategy or "no") not in _FALSE)


def callbacks(cfg: Any, trainer: Any) -> list[Any]:
    """The callback that answers the prompts, if there are any; raises InputError."""
    if not cfg.validation_prompt:
        return []
    from axolotl_replicate.validation_prompt.callback import ValidationPromptCallback
    from axolotl_replicate.validation_prompt.conflicts import check_trainer
    from axolotl_replicate.validation_prompt.prompts import encode_prompts, trained_format

    check_trainer(trainer)
    tokenizer = trainer.processing_class
    return [
        ValidationPromptCallback(
            encode_prompts(cfg, tokenizer, trainer.model.config),
            trained_format(cfg).stop_sequence,
            tokenizer,
            Path(trainer.args.output_dir),
            trainer.accelerator.autocast,
        )
    ]

"""What each of our keys becomes in Axolotl's configuration."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from itertools import chain
from typing import Any

from axolotl_replicate.attention import chooses_attention
from dataset_tools.errors import InputError
from dataset_tools.recipe_keys import RECIPE_KEYS
from dataset_tools.steps import batch_sizes

_AXOLOTL_PACKING_KEYS = (
    "group_by_length",
    "eval_sample_packing",
    "sample_packing_bin_size",
    "sample_packing_group_size",
    "sample_packing_sequentially",
    "sample_packing_eff_est",
)
_SPREAD_SEQUENCE_KEYS = (
    "context_parallel_size",
    "sequence_parallel_degree",
    "tensor_parallel_size",
)
_KEEP_ONE = "keep one of them"


def axolotl_keys() -> frozenset[str]:
    """The keys that the installed Axolotl and the plugins of this run know.

    Its command line adds its own options to the configuration; they count as known.
    """
    from axolotl.cli import args
    from axolotl.integrations.base import PluginManager
    from axolotl.utils.schemas.config import AxolotlInputConfig

    options = (fields(each) for each in vars(args).values() if is_dataclass(each))
    declared = [AxolotlInputConfig, *map(_by_name, PluginManager.get_instance().get_input_args())]
    return frozenset(chain.from_iterable(model.model_fields for model in declared)).union(
        option.name for option in chain.from_iterable(options)
    )


def _by_name(dotted_name: str) -> Any:
    module, _, name = dotted_name.rpartition(".")
    return getattr(import_module(module), name)


def config_from_inputs(
    recipe: Mapping[str, Any], values: Mapping[str, Any], process_count: int
) -> dict[str, Any]:
    """The Axolotl keys to set: those of our keys, and our defaults where the recipe is silent.

    Raises InputError where the batch sizes do not divide.
    """
    config: dict[str, Any] = {}
    for key in RECIPE_KEYS.values():
        name = key.axolotl_name
        if name and (recipe.get(key.name) is not None or recipe.get(name) is None):
            config[name] = values[key.name]
    config.update(batch_sizes(recipe, values, process_count))
    config.update(_adapter_keys(recipe, config.get("adapter")))
    config.update(_validation_keys(recipe, values))
    config["train_on_inputs"] = values["prompt_loss_weight"] == 1 or bool(
        recipe.get("train_on_inputs")
    )
    config.update(_packing_keys(recipe, config.get("sample_packing")))
    return config


def _packing_keys(recipe: Mapping[str, Any], packs: object) -> dict[str, Any]:
    if not (packs or recipe.get("sample_packing")):
        return {}
    for key in _AXOLOTL_PACKING_KEYS:
        if recipe.get(key):
            raise InputError(f"pack_sequences and {key}: packs are made by best fit; {_KEEP_ONE}")
    for key in _SPREAD_SEQUENCE_KEYS:
        if (recipe.get(key) or 1) > 1:
            raise InputError(f"pack_sequences and {key}: a pack is kept on one device; {_KEEP_ONE}")
    # a record is validated as it stands, and none of them dropped
    keys: dict[str, Any] = {"eval_sample_packing": False, "dataloader_drop_last": False}
    if not chooses_attention(recipe):
        # left unset, packed records attend to one another with no more than a warning
        keys["attn_implementation"] = "sdpa"
    return keys


def _adapter_keys(recipe: Mapping[str, Any], adapter: str | None) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    if adapter == "qlora":
        # merge-lora asks for the model in full precision
        keys["load_in_4bit"] = not recipe.get("merge_lora")
        if recipe.get("merge_lora"):
            # it rounds the weights as training did, of which 0.19 would leave out a part
            trained = {"bnb_4bit_use_double_quant": True}
            keys["bnb_config_kwargs"] = trained | (recipe.get("bnb_config_kwargs") or {})
    if recipe.get("lora_target_modules") is None and recipe.get("lora_target_linear") is None:
        keys["lora_target_linear"] = True
    return keys


def _validation_keys(recipe: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    if recipe.get("val_set_size"):
        raise InputError(
            "val_set_size: held-out rows are chosen by num_validation_samples here; remove the key"
        )
    keys: dict[str, Any] = {"val_set_size": 0}
    chosen = ("eval_strategy", "eval_steps", "evals_per_epoch")
    if values["run_validation"] and all(recipe.get(key) is None for key in chosen):
        keys["eval_strategy"] = "epoch"
    return keys

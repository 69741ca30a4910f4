"""From a recipe with Replicate's keys to the configuration that Axolotl validates and trains."""

from collections.abc import Collection, MutableMapping
from typing import Any

from axolotl_replicate.cpu import adapt_to_cpu, join_processes
from axolotl_replicate.inputs.axolotl_config import axolotl_keys, config_from_inputs
from axolotl_replicate.inputs.base_model import read_model_config
from axolotl_replicate.inputs.companions import check_companions
from axolotl_replicate.inputs.output_folder import check_output_folders
from axolotl_replicate.inputs.training_data import prepare_training_data
from axolotl_replicate.processes import is_main_process, process_count
from axolotl_replicate.termination import say
from dataset_tools.errors import InputError
from dataset_tools.pretraining_rates import multiplied_learning_rate
from dataset_tools.recipe import data_settings
from dataset_tools.recipe_keys import RECIPE_KEYS, check_names, read_keys, resolve_aliases
from dataset_tools.sources import display_name

STRATEGY = "axolotl_replicate.prompt_strategy"


def apply_inputs(cfg: MutableMapping[str, Any]) -> None:
    """Fill the configuration from our keys; does nothing more where that was done before.

    Axolotl registers plugins on every process, twice in some commands, and on Ray's workers with
    the configuration that the driver has validated.
    """
    if not _is_applied(cfg):
        for note in resolve_aliases(cfg):
            say(f"axolotl-replicate: {note}")
        known = axolotl_keys()
        check_names(cfg, known)
        _note_unknown_keys(cfg, known)
        values = read_keys(cfg)
        settings = data_settings(cfg)
        if settings.train_data is None:
            raise InputError("train_data: missing; give the path or URL of the training data")
        check_companions(cfg)
        # worked out first: a wrong batch size or model should not cost a download
        filled = config_from_inputs(cfg, values, process_count())
        model_config = read_model_config(cfg)
        if values["learning_rate_multiplier"] is not None:
            filled["learning_rate"], reason = multiplied_learning_rate(
                values["learning_rate_multiplier"],
                cfg["base_model"],
                values["pretraining_learning_rate"],
                model_config,
            )
            say(f"axolotl-replicate: learning_rate: {filled['learning_rate']:g} ({reason})")
        data = prepare_training_data(settings, values)
        if is_main_process():  # the others would find its temporary files in the way
            check_output_folders(cfg)
        cfg.update(filled)
        cfg["datasets"] = [data.training.as_axolotl_dataset(STRATEGY, "train")]
        if data.validation is not None:
            cfg["test_datasets"] = [data.validation.as_axolotl_dataset(STRATEGY, "train")]
        for key in ("train_data", "validation_data"):
            if cfg.get(key):  # what Axolotl logs from here on holds no credentials
                cfg[key] = display_name(cfg[key])
        say(f"axolotl-replicate: {data.summary()}")
        batch = process_count() * cfg["micro_batch_size"] * cfg["gradient_accumulation_steps"]
        if data.training.records < batch and not cfg.get("sample_packing"):
            say(
                f"axolotl-replicate: note: fewer records than a batch of {batch}, so every step "
                "trains on all of them"
            )
        if data.training.weightless:
            say(
                f"axolotl-replicate: note: {data.training.weightless} of these records have weight "
                "0 and teach nothing"
            )
        if settings.weighted and data.training.is_text:
            say(
                "axolotl-replicate: note: the data holds text records, in which nothing is a "
                "prompt, so prompt_loss_weight has no effect"
            )
    if not cfg.get("use_ray"):
        _adapt_to_machine(cfg)


def _note_unknown_keys(cfg: MutableMapping[str, Any], known: Collection[str]) -> None:
    unknown = sorted(str(key) for key in cfg if key not in known and key not in RECIPE_KEYS)
    if unknown:
        say(
            f"axolotl-replicate: note: neither Axolotl nor this plugin knows {', '.join(unknown)}; "
            "without another plugin that does, they have no effect"
        )


def _is_applied(cfg: MutableMapping[str, Any]) -> bool:
    datasets = cfg.get("datasets") or []
    return any(dataset.get("type") == STRATEGY for dataset in datasets)


def _adapt_to_machine(cfg: MutableMapping[str, Any]) -> None:
    import torch

    if torch.cuda.is_available():
        return
    if process_count() > 1:
        join_processes()
    for change in adapt_to_cpu(cfg):
        say(f"axolotl-replicate: no CUDA device, so {change}")

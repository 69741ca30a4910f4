"""From a recipe with Replicate's keys to the configuration that Axolotl validates and trains."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from axolotl_replicate.axolotl_features import skip_the_question_for_gpu_peers
from axolotl_replicate.cpu import adapt_to_this_machine, has_cuda, join_processes
from axolotl_replicate.inputs.axolotl_config import axolotl_keys, config_from_inputs
from axolotl_replicate.inputs.base_model import read_model_config
from axolotl_replicate.inputs.best_checkpoint import best_checkpoint_keys
from axolotl_replicate.inputs.companions import check_companions
from axolotl_replicate.inputs.output_folder import check_output_folders
from axolotl_replicate.inputs.shown_recipe import hide_secrets
from axolotl_replicate.inputs.training_data import prepare_training_data
from axolotl_replicate.once_per_machine import once_per_machine
from axolotl_replicate.processes import is_main_process, process_count
from axolotl_replicate.running_command import needs_data
from axolotl_replicate.termination import say
from axolotl_replicate.validation_prompt.hooks import check_recipe
from dataset_tools.download_cache import FOLDER_VARIABLE
from dataset_tools.errors import InputError
from dataset_tools.pretraining_rates import multiplied_learning_rate
from dataset_tools.recipe import DataSettings, data_settings
from dataset_tools.recipe_keys import RECIPE_KEYS, check_names, read_keys, resolve_aliases

STRATEGY = "axolotl_replicate.prompt_strategy"
# for commands that look at no data: Axolotl wants datasets named, and evaluation to have some
_PLACEHOLDER = {
    key: [{"path": "train_data", "type": STRATEGY}] for key in ("datasets", "test_datasets")
}

Tell = Callable[[str], None]


def apply_inputs(cfg: MutableMapping[str, Any]) -> None:
    """Fill the configuration from our keys, and adapt it to the machine.

    Axolotl registers plugins on every process, twice in some commands, and on Ray's workers with
    the configuration that the driver has filled and validated. Commands that look at no data
    neither fetch it nor say anything. Raises InputError on what the recipe or its data have wrong.
    """
    applied, with_data = _is_applied(cfg), needs_data(cfg)
    tell = _tell if with_data else _say_nothing
    if not applied:
        _fill(cfg, tell, with_data=with_data)
    elif with_data:
        _check_is_here(cfg["datasets"])
    if applied or not cfg.get("use_ray"):  # Ray's driver may have other devices than its workers
        _adapt_to_machine(cfg, tell)


def _fill(cfg: MutableMapping[str, Any], tell: Tell, *, with_data: bool) -> None:
    for note in resolve_aliases(cfg):
        tell(note)
    known = axolotl_keys()
    check_names(cfg, known)
    for note in _unknown_keys(cfg, known):
        tell(note)
    values = read_keys(cfg)
    settings = data_settings(cfg)
    if settings.train_data is None:
        raise InputError("train_data: missing; give the path or URL of the training data")
    check_companions(cfg)
    check_recipe(cfg)
    # worked out first: a wrong batch size or model should not cost a download
    processes = _process_count(cfg)
    filled = config_from_inputs(cfg, values, processes)
    filled.update(_learning_rate(cfg, values, tell))
    epochs = filled.get("num_epochs") or cfg["num_epochs"]
    compared, what_is_compared = best_checkpoint_keys(cfg, values["run_validation"], epochs)
    filled.update(compared)
    data: Mapping[str, Any] = _PLACEHOLDER
    if with_data:
        both = {**cfg, **filled}
        batch = processes * both["micro_batch_size"] * both["gradient_accumulation_steps"]
        depends_on = [to_builtins(settings), values, batch]
        data = once_per_machine(depends_on, lambda: _data_keys(settings, values, batch))
        if is_main_process():  # the others would find its temporary files in the way
            check_output_folders(cfg)
    cfg.update(filled)
    cfg.update(data)
    hide_secrets(cfg)
    if what_is_compared:
        tell(what_is_compared)


def _learning_rate(
    cfg: MutableMapping[str, Any], values: Mapping[str, Any], tell: Tell
) -> dict[str, float]:
    """The rate that `learning_rate_multiplier` gives; looks for the base model in any case."""
    model_config = read_model_config(cfg)
    if values["learning_rate_multiplier"] is None:
        return {}
    rate, reason = multiplied_learning_rate(
        values["learning_rate_multiplier"],
        cfg["base_model"],
        values["pretraining_learning_rate"],
        model_config,
    )
    tell(f"learning_rate: {rate:g} ({reason})")
    return {"learning_rate": rate}


def _data_keys(
    settings: DataSettings, values: Mapping[str, Any], batch: int
) -> dict[str, list[dict[str, str]]]:
    """Fetch, lint and store the data, say what it is, and give the keys that name it to Axolotl."""
    data = prepare_training_data(settings, values)
    _tell(data.summary())
    if data.training.records < batch and not data.training.training_format.packs:
        _tell(f"note: fewer records than a batch of {batch}, so every step trains on all of them")
    if data.training.weightless:
        _tell(f"note: {data.training.weightless} of these records have weight 0 and teach nothing")
    if settings.weighted and data.training.is_text:
        _tell(
            "note: the data holds text records, in which nothing is a prompt, so "
            "prompt_loss_weight has no effect"
        )
    keys = {"datasets": [data.training.as_axolotl_dataset(STRATEGY, "training")]}
    if data.validation is not None:
        keys["test_datasets"] = [data.validation.as_axolotl_dataset(STRATEGY, "validation")]
    return keys


def _process_count(cfg: Mapping[str, Any]) -> int:
    """How many processes will train: Ray's driver reads the recipe before they are there."""
    return cfg.get("ray_num_workers") or 1 if cfg.get("use_ray") else process_count()


def _check_is_here(datasets: Iterable[Mapping[str, str]]) -> None:
    """Raises InputError where the driver has stored the data on a disk that this worker lacks."""
    for dataset in datasets:
        if not Path(dataset["path"]).exists():
            raise InputError(
                f"{dataset['path']}: the driver stored the data there, and this worker has no such "
                f"file; point {FOLDER_VARIABLE} to a folder that all machines share"
            )


def _tell(message: str) -> None:
    say(f"axolotl-replicate: {message}")


def _say_nothing(_: str) -> None:
    pass


def _unknown_keys(cfg: Mapping[str, Any], known: Collection[str]) -> Iterator[str]:
    unknown = sorted(str(key) for key in cfg if key not in known and key not in RECIPE_KEYS)
    if unknown:
        yield (
            f"note: neither Axolotl nor this plugin knows {', '.join(unknown)}: no effect, unless "
            "another plugin reads it"
        )


def _is_applied(cfg: MutableMapping[str, Any]) -> bool:
    datasets = cfg.get("datasets") or []
    return any(dataset.get("type") == STRATEGY for dataset in datasets)


def _adapt_to_machine(cfg: MutableMapping[str, Any], tell: Tell) -> None:
    if process_count() > 1 and not has_cuda():
        join_processes()
        skip_the_question_for_gpu_peers()
    for change in adapt_to_this_machine(cfg, process_count()):
        tell(f"no CUDA device, so {change}")

"""Recipes: the part of an Axolotl YAML that says which data to train on, and how to render it.

The command line reads it from the file, the Axolotl plugin from the configuration Axolotl has
read; both get the same answer from `data_settings`.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from dataset_tools.errors import InputError
from dataset_tools.packing import Packing
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.recipe_keys import check_names, read_keys, resolve_aliases
from dataset_tools.tokens import TrainingFormat

LOSS_PLUGIN = "axolotl_replicate.PromptLossWeightPlugin"
VALIDATION_PLUGIN = "axolotl_replicate.ValidationPromptPlugin"
DEFAULT_PROMPT_LOSS_WEIGHT = 0.1
NEEDS_LOSS_PLUGIN = f"needs the plugin that weighs the loss; add '- {LOSS_PLUGIN}' under plugins:"
_SPELT_ESCAPE = re.compile(r"\\[ntr]")


class DataSettings(Struct, frozen=True):
    """What a recipe says of its data; a mark is None where the recipe does not give it."""

    training_format: TrainingFormat
    train_data: str | list[str] | None = None  # one location, or several
    train_data_sha256: str | None = None
    validation_data: str | list[str] | None = None
    separator: str | None = None
    stop_sequence: str | None = None
    tokenizer: str | None = None
    special_tokens: Mapping[str, str] = field(default_factory=dict)
    held_out: int = 0  # records at the end of train_data that training validates on
    weighted: bool = False  # whether the loss plugin applies the weights of tokens and records


def load_recipe(path: Path) -> dict[str, Any]:
    """The recipe's keys and values.

    Raises InputError where the file cannot be read, is not YAML, or holds no mapping.
    """
    import yaml

    try:
        recipe = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a recipe: not UTF-8 text") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise InputError(f"{place}: not valid YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(recipe, dict):
        raise InputError(f"{path}: not a recipe: expected keys and values, found {recipe!r:.40}")
    return recipe


def load_data_settings(path: Path) -> DataSettings:
    """The data settings of a recipe file; every InputError names the file."""
    recipe = load_recipe(path)
    try:
        resolve_aliases(recipe)
        check_names(recipe)
        return data_settings(recipe)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def data_settings(recipe: Mapping[str, Any]) -> DataSettings:
    """What the recipe's keys say of its data; raises InputError naming the key."""
    _check_mark_spelling(recipe)
    # Axolotl's own names are as good as ours where the recipe uses them
    values = read_keys({**recipe, "chunk_size": _either(recipe, "chunk_size", "sequence_len")})
    return DataSettings(
        training_format=TrainingFormat(
            prompt_format=PromptFormat(values["separator"], values["stop_sequence"]),
            chunk_size=values["chunk_size"],
            on_too_long=values["on_too_long"],
            prompt_loss_weight=prompt_loss_weight(recipe, values["prompt_loss_weight"]),
            packing=_packing(recipe, values),
        ),
        train_data=values["train_data"],
        train_data_sha256=values["train_data_sha256"],
        validation_data=values["validation_data"],
        separator=recipe.get("separator"),
        stop_sequence=recipe.get("stop_sequence"),
        tokenizer=_tokenizer_name(recipe),
        special_tokens=_special_tokens(recipe),
        held_out=(
            values["num_validation_samples"]
            if values["run_validation"] and values["validation_data"] is None
            else 0
        ),
        weighted=lists_loss_plugin(recipe),
    )


def _packing(recipe: Mapping[str, Any], values: Mapping[str, Any]) -> Packing:
    packs = values["pack_sequences"] or bool(recipe.get("sample_packing"))
    if values["wrap_packed_sequences"] and not packs:
        raise InputError(
            "wrap_packed_sequences and pack_sequences: only packed sequences can be wrapped; set "
            "pack_sequences: true, or remove wrap_packed_sequences"
        )
    if not packs:
        return "none"
    return "wrapped" if values["wrap_packed_sequences"] else "best_fit"


def _tokenizer_name(recipe: Mapping[str, Any]) -> str | None:
    name = _either(recipe, "tokenizer_config", "base_model")
    if name is not None and not isinstance(name, str):
        raise InputError(f"base_model: found {name!r}, expected a folder or a hub name")
    return name


def _special_tokens(recipe: Mapping[str, Any]) -> dict[str, str]:
    """The tokens with a role of their own, such as `eos_token`; lists of further ones have none."""
    tokens = recipe.get("special_tokens") or {}
    if not isinstance(tokens, Mapping):
        raise InputError(f"special_tokens: found {tokens!r}, expected roles and tokens")
    return {role: token for role, token in tokens.items() if isinstance(token, str)}


def _check_mark_spelling(recipe: Mapping[str, Any]) -> None:
    r"""Refuse a mark with a literal `\n`: YAML reads escapes in double quotes only."""
    for key in ("separator", "stop_sequence"):
        mark = recipe.get(key)
        if isinstance(mark, str) and _SPELT_ESCAPE.search(mark):
            raise InputError(
                f"{key}: found a backslash and a letter in '{mark}', expected the character they "
                f'stand for; YAML reads escapes in double quotes only: {key}: "{mark}"'
            )


def prompt_loss_weight(recipe: Mapping[str, Any], given: float | None) -> float:
    """The weight of prompt tokens, from 0 to 1.

    With the loss plugin: the key's value, 0.1 where it is not given (the default of Azure's
    fine-tuning guide); `train_on_inputs: false` only says which tokens are the prompt. Without it:
    Axolotl's `train_on_inputs` as 0 or 1, which the key may repeat. Raises InputError on a value
    that needs the plugin, and where the two keys contradict one another.
    """
    train_on_inputs = recipe.get("train_on_inputs")
    if lists_loss_plugin(recipe):
        weight = DEFAULT_PROMPT_LOSS_WEIGHT if given is None else given
        contradicting = bool(train_on_inputs) and weight != 1
    else:
        weight = float(bool(train_on_inputs)) if given is None else given
        contradicting = train_on_inputs is not None and bool(train_on_inputs) != bool(weight)
        if weight not in (0, 1):
            raise InputError(f"prompt_loss_weight: {weight:g} {NEEDS_LOSS_PLUGIN}")
        for key in ("prompt_loss_normalization", "prompt_loss_fusion"):
            if recipe.get(key) is not None:
                raise InputError(f"{key} {NEEDS_LOSS_PLUGIN}, or remove the key")
    if contradicting:
        raise InputError(
            f"prompt_loss_weight and train_on_inputs: {weight:g} and "
            f"{str(train_on_inputs).lower()} contradict one another; keep one of them"
        )
    return float(weight)


def lists_loss_plugin(recipe: Mapping[str, Any]) -> bool:
    """Whether the recipe trains with per-token loss weights."""
    return lists_plugin(recipe, LOSS_PLUGIN)


def lists_plugin(recipe: Mapping[str, Any], plugin_path: str) -> bool:
    """Whether the recipe names a plugin of ours, by the path given or by its module's."""
    plugins = recipe.get("plugins")
    package, _, name = plugin_path.partition(".")
    return isinstance(plugins, list) and any(
        str(plugin).split(".")[0] == package and str(plugin).split(".")[-1] == name
        for plugin in plugins
    )


def _either(recipe: Mapping[str, Any], name: str, other: str) -> Any:
    value = recipe.get(name)
    return recipe.get(other) if value is None else value

"""What a run of stats is asked for, whether it comes from flag, recipe or default."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from dataset_tools.lint.settings import GivenMark
from dataset_tools.recipe_keys import read_keys
from dataset_tools.rules.token_counts import CountingTokenizer
from dataset_tools.steps import batch_sizes
from dataset_tools.tokens import TrainingFormat

_PADDING_MULTIPLE = 64  # tokens; to what Axolotl rounds the length of a batch up, unless told


@dataclass(frozen=True, slots=True)
class StepSettings:
    """The recipe's keys that decide how many steps an epoch takes, and how rows are padded."""

    step_rows: int = 4  # `train_batch_size`
    micro_batch_rows: int = 4
    padding_multiple: int = _PADDING_MULTIPLE
    epochs: float = 3
    max_steps: int | None = None
    held_out: int = 0  # records off the end of the data, for validation


@dataclass(frozen=True, slots=True)
class StatsSettings:
    """The choices of a run; a mark that is None is inferred from the data.

    Worker processes are forked with it. `marks_are_settled` where training adds the marks of
    `training_format` whatever the data carries, as a recipe has it; otherwise those that a file
    carries take their place.
    """

    separator: GivenMark | None = None
    stop_sequence: GivenMark | None = None
    training_format: TrainingFormat = field(default_factory=TrainingFormat)
    marks_are_settled: bool = False
    tokenizer: CountingTokenizer | None = None
    tokenizer_name: str | None = None
    steps: StepSettings | None = None  # None without a recipe


def step_settings(recipe: Mapping[str, Any]) -> StepSettings:
    """What a recipe says of steps, on one process; raises InputError naming the key."""
    values = read_keys(recipe)
    sizes = {
        "micro_batch_size": values["micro_batch_size"],
        "gradient_accumulation_steps": recipe.get("gradient_accumulation_steps"),
        **batch_sizes(recipe, values),
    }
    micro_batch_rows = sizes["micro_batch_size"]
    holds_out = values["run_validation"] and values["validation_data"] is None
    return StepSettings(
        step_rows=micro_batch_rows * sizes["gradient_accumulation_steps"],
        micro_batch_rows=micro_batch_rows,
        padding_multiple=_padding_multiple(recipe, values["chunk_size"]),
        epochs=values["num_train_epochs"],
        max_steps=recipe.get("max_steps"),
        held_out=values["num_validation_samples"] if holds_out else 0,
    )


def _padding_multiple(recipe: Mapping[str, Any], chunk_size: int) -> int:
    """To a multiple of what Axolotl pads a batch, by `pad_to_sequence_len`: its default is none."""
    multiple = recipe.get("pad_to_multiple_of") or _PADDING_MULTIPLE
    pads_to_chunk = recipe.get("pad_to_sequence_len")
    if pads_to_chunk is None:
        return int(multiple)
    return int(multiple * ceil(chunk_size / multiple)) if pads_to_chunk else 1

"""Steps: how many rows an optimizer step trains on, and how it is divided.

A row is a sequence or, packed, a pack. An epoch of R rows in steps of S has ⌈R / S⌉ steps, the last
of which takes what is left; each step is divided evenly among its micro-batches.
"""

from collections.abc import Mapping
from typing import Any

from dataset_tools.errors import InputError


def steps_per_epoch(rows: int, step_rows: int) -> int:
    """How many steps an epoch of so many rows takes."""
    return -(-rows // step_rows)


def micro_batch_sizes(rows: int, micro_batch_rows: int, processes: int = 1) -> list[int]:
    """How many rows each micro-batch of a step of `rows` has, of all processes together.

    Their number is a multiple of the processes; where there are fewer rows, some have none.
    """
    fewest = -(-rows // micro_batch_rows)
    count = -(-fewest // processes) * processes
    share, longer = divmod(rows, count) if count else (0, 0)
    return [share + (index < longer) for index in range(count)]


def batch_sizes(
    recipe: Mapping[str, Any], values: Mapping[str, Any], process_count: int = 1
) -> dict[str, int]:
    """The Axolotl keys that make a step of `train_batch_size` rows, by the recipe's key values.

    Rows of a step = micro-batch × accumulation steps × processes. Nothing is to be set where the
    recipe gives the accumulation steps itself. Raises InputError where the sizes do not divide.
    """
    if recipe.get("gradient_accumulation_steps") is not None:
        if recipe.get("train_batch_size") is not None:
            raise InputError(
                "train_batch_size and gradient_accumulation_steps: both given, and the first "
                "decides the second; keep one of them"
            )
        return {}
    batch, micro = values["train_batch_size"], values["micro_batch_size"]
    if recipe.get("micro_batch_size") is None:
        micro = max(1, min(micro, batch // process_count))
    at_once = micro * process_count
    if batch % at_once:
        nearest = -(-batch // at_once) * at_once
        devices = f" × {process_count} processes" if process_count > 1 else ""
        raise InputError(
            f"train_batch_size: {batch} is not divisible by micro_batch_size {micro}{devices}; "
            f"change one of them, for instance to train_batch_size: {nearest}"
        )
    return {
        "micro_batch_size": micro,
        "gradient_accumulation_steps": batch // at_once,
    }

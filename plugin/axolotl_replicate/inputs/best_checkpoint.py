"""Early stopping and best-checkpoint loading over our defaults.

Axolotl 0.19 does both only where `eval_steps` and `save_steps` are set and the second is a multiple
of the first: with `eval_strategy: epoch`, our default, it refuses `early_stopping_patience` and
ignores `load_best_model_at_end`. Both keys may be shares of the run, so one evaluation an epoch is
the share 1 / epochs.
"""

from collections.abc import Mapping
from typing import Any

from dataset_tools.errors import InputError

# a share of the run is rounded up to whole steps; so much less keeps a third of 3 from being 2
_LESS_THAN_ROUNDING = 1e-9
_NEEDING_KEYS = ("early_stopping_patience", "load_best_model_at_end")


def best_checkpoint_keys(
    recipe: Mapping[str, Any], run_validation: bool, epochs: float
) -> tuple[dict[str, Any], str | None]:
    """The keys to set so that Axolotl compares checkpoints, and a line that says so.

    Nothing where the recipe asks for neither. Raises InputError naming the keys where it asks for
    evaluations or checkpoints that cannot be compared.
    """
    need = next((key for key in _NEEDING_KEYS if recipe.get(key)), None)
    if need is None:
        return {}, None
    _check_patience(recipe.get("early_stopping_patience"))
    if not run_validation:
        raise InputError(f"{need} and run_validation: there is nothing to compare checkpoints by")
    evaluated = _interval(recipe, need, "eval", "evals_per_epoch", epochs)
    saved = _interval(recipe, need, "save", "saves_per_epoch", epochs)
    eval_steps = evaluated or saved or _share(need, epochs)
    save_steps = saved or eval_steps
    if save_steps % eval_steps or (save_steps < 1) != (eval_steps < 1):
        raise InputError(
            f"{need}: a checkpoint every {_named(save_steps)} and an evaluation every "
            f"{_named(eval_steps)}: each checkpoint needs an evaluation; make the first a multiple "
            "of the second, or leave one out"
        )
    keys = {
        "eval_strategy": "steps",
        "eval_steps": eval_steps,
        "evals_per_epoch": None,
        "save_strategy": "steps",
        "save_steps": save_steps,
        "saves_per_epoch": None,
    }
    if all(recipe.get(key) == value for key, value in keys.items() if value != "steps"):
        return keys, None
    return keys, (
        f"{need}: an evaluation every {_named(eval_steps)} and a checkpoint every "
        f"{_named(save_steps)} (eval_steps: {eval_steps:.6g}, save_steps: {save_steps:.6g})"
    )


def _check_patience(patience: Any) -> None:
    if patience is not None and (isinstance(patience, bool) or not isinstance(patience, int)):
        raise InputError(
            f"early_stopping_patience: found {patience!r}, expected a whole number of evaluations"
        )
    if patience is not None and patience < 0:
        raise InputError(f"early_stopping_patience: found {patience}, expected 1 or more")


def _interval(
    recipe: Mapping[str, Any], need: str, kind: str, per_epoch_key: str, epochs: float
) -> float | None:
    """Steps, or the share of the run, between two evaluations or checkpoints; None if not said."""
    steps_key, strategy_key = f"{kind}_steps", f"{kind}_strategy"
    strategy, steps = recipe.get(strategy_key), recipe.get(steps_key)
    per_epoch = recipe.get(per_epoch_key)
    if strategy not in (None, "steps", "epoch"):
        spelt = "no" if strategy is False else strategy  # YAML reads an unquoted `no` as false
        raise InputError(
            f"{need} and {strategy_key}: {spelt}: there would be no checkpoints to compare; "
            f"remove {strategy_key}"
        )
    for key, value in ((steps_key, steps), (per_epoch_key, per_epoch)):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and not (is_number and value > 0):
            raise InputError(f"{key}: found {value!r}, expected a number above 0")
    if steps is not None:
        return float(steps) if steps < 1 else steps
    if per_epoch is not None:
        return _share(need, epochs * per_epoch)
    return _share(need, epochs) if strategy == "epoch" else None


def _share(need: str, times: float) -> float:
    """The share of a run after which something happens so many times in it."""
    if times <= 1:
        raise InputError(
            f"{need}: with {times:g} evaluations or checkpoints in the run there is nothing to "
            "compare; raise num_train_epochs, or set evals_per_epoch or eval_steps"
        )
    return (1 - _LESS_THAN_ROUNDING) / times


def _named(steps: float) -> str:
    if steps >= 1:
        return f"{steps:g} step{'s' if steps > 1 else ''}"
    return f"{steps:.3g} of the run"

"""How many steps a run takes: counted from the rows there are, rather than estimated.

Axolotl estimates them before it makes batches, over all epochs at once and, packed, by a trial: the
last steps of the last epoch may then be missing.
"""

import math
from typing import Any

from axolotl_replicate.batches.packs import RECORD_LENGTHS, RECORDS_BEGUN, token_counts
from axolotl_replicate.batches.trainer import WholeStepsMixin
from axolotl_replicate.termination import say
from dataset_tools.packing import density
from dataset_tools.steps import steps_per_epoch

# Axolotl's own defaults: a share of the steps, up to a limit
_WARMUP_SHARE, _LONGEST_WARMUP = 0.03, 100


def settle_steps(cfg: Any, trainer: Any) -> None:
    """Set the number of steps and of warm-up steps, and say what will be trained."""
    if not isinstance(trainer, WholeStepsMixin):
        return
    args, rows = trainer.args, trainer.train_dataset
    step_rows = trainer.step_rows
    in_an_epoch = steps_per_epoch(len(rows), step_rows)
    steps = cfg.max_steps or math.ceil(args.num_train_epochs * in_an_epoch)
    if not cfg.max_steps:
        args.max_steps = -1  # transformers then counts the epochs itself
    if cfg.warmup_steps is None:
        args.warmup_steps = _warmup_steps(cfg.warmup_ratio, steps)
    say(f"axolotl-replicate: {_contents(rows, cfg)}; {_course(steps, in_an_epoch, step_rows)}")
    if trainer.averages_micro_batches and step_rows > args.train_batch_size:
        say(
            "axolotl-replicate: note: this model's loss is a mean over each micro-batch, so that "
            "micro_batch_size has an influence on it"
        )


def _warmup_steps(ratio: float | None, steps: int) -> int:
    if ratio is None:
        warmup = min(int(_WARMUP_SHARE * steps), _LONGEST_WARMUP)
    else:
        warmup = int(ratio * steps)
    return 2 if warmup == 1 else warmup  # one step of warm-up would be one at rate 0


def _contents(rows: Any, cfg: Any) -> str:
    lengths = token_counts(rows)
    text = f"{sum(rows[RECORDS_BEGUN]):,} records of {sum(lengths):,} tokens"
    if RECORD_LENGTHS in rows.column_names:
        share = density(lengths, len(rows), cfg.sequence_len)
        text += f" in {len(rows):,} packs of up to {cfg.sequence_len:,} (density {share:.1%})"
    return text


def _course(steps: int, in_an_epoch: int, step_rows: int) -> str:
    epochs = round(steps / in_an_epoch, 2)
    return (
        f"{steps:,} step{'s' * (steps != 1)} of up to {step_rows:,}, "
        f"{epochs:g} epoch{'s' * (epochs != 1)} of {in_an_epoch:,}"
    )

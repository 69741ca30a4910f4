"""Sums of losses and weights, from which every reported mean is made.

Means of means depend on how tokens were split over batches; sums don't. Prompt and completion
losses are means over tokens, in nats, of the cross entropy times the record's weight (1 where the
data gives none), so that at `prompt_loss_weight: 0` the completion loss is the loss.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

# the columns of a batch's sums, one row a record or pack
_NAMES = ("loss", "divisor", "prompt", "prompt_weight", "completion", "completion_weight", "hits")


def sum_by_row(
    rows: Tensor,
    row_count: int,
    losses: Tensor,
    correct: Tensor,
    loss_weights: Tensor,
    prompt_weights: Tensor,
    divisors: Tensor,
) -> Tensor:
    """The sums of each row of a batch, (row_count, 7); the other arguments are (N).

    `rows` tells the row each token stands in, `divisors` what it adds to the loss's divisor.
    """
    of_completion = torch.where(prompt_weights > 0, 0, loss_weights)
    columns = (
        loss_weights * losses,
        divisors,
        prompt_weights * losses,
        prompt_weights,
        of_completion * losses,
        of_completion,
        of_completion * correct,
    )
    precise = precise_type(losses.device)
    values = torch.stack([column.to(precise) for column in columns], dim=1)
    sums = values.new_zeros(row_count, len(_NAMES))
    return sums.index_add_(0, rows, values.detach())


def precise_type(device: torch.device) -> torch.dtype:
    """The type to sum in: float64, but for Apple's GPUs, which have none."""
    return torch.float32 if device.type == "mps" else torch.float64


def empty_sums() -> Tensor:
    """Sums over nothing, (7) in float64."""
    return torch.zeros(len(_NAMES), dtype=torch.float64)


def means(sums: Tensor) -> dict[str, float]:
    """What is logged: `loss`, `prompt_loss`, `completion_loss` and `completion_token_accuracy`.

    A mean over nothing is left out, but for the loss, which then is 0.
    """
    total: Mapping[str, float] = dict(zip(_NAMES, sums.tolist(), strict=True))
    quotients = {
        "prompt_loss": ("prompt", "prompt_weight"),
        "completion_loss": ("completion", "completion_weight"),
        "completion_token_accuracy": ("hits", "completion_weight"),
    }
    named = {
        name: total[above] / total[below]
        for name, (above, below) in quotients.items()
        if total[below] > 0
    }
    return {"loss": total["loss"] / total["divisor"] if total["divisor"] > 0 else 0.0, **named}

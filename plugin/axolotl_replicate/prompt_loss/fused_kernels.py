"""Kernels of other libraries that compute per-token losses from hidden states, on a GPU.

Each takes and returns what `cross_entropy.losses_of_hidden_states` does, within the rounding of its
arithmetic.
"""

from typing import Any

import torch
from torch import Tensor, nn

from axolotl_replicate.prompt_loss.cross_entropy import TokenLosses, guesses


def losses_by_cut_cross_entropy(
    hidden: Tensor, targets: Tensor, weights: Tensor, head: nn.Linear
) -> TokenLosses:
    """With Apple's cut cross entropy (Wijmans et al., arXiv 2411.09009).

    By default it leaves out gradients below the precision of its numbers. That is switched off,
    since what is small for one token's weight is large for another's. It tells no guesses, so those
    cost one more product with the head.
    """
    from cut_cross_entropy import linear_cross_entropy

    losses = linear_cross_entropy(
        hidden.to(head.weight.dtype), head.weight, targets, reduction="none", filter_eps=None
    ).float()
    with torch.no_grad():
        correct = guesses(hidden, head) == targets
    return TokenLosses((weights * losses).sum(), losses.detach(), correct)


def losses_by_liger(
    hidden: Tensor, targets: Tensor, weights: Tensor, head: nn.Linear
) -> TokenLosses:
    """With Liger Kernel's fused linear cross entropy (Hsu et al., arXiv 2410.10989).

    Its backward pass knows one factor for all tokens. So each token's gradient is taken with a
    factor of 1 and weighted here, which serves a head that is not itself trained.
    """
    losses, correct = _LigerLosses.apply(hidden, head.weight.detach(), targets)
    return TokenLosses((weights * losses).sum(), losses.detach(), correct > 0)


class _LigerLosses(torch.autograd.Function):  # type: ignore[misc]  # torch is not type checked here
    """Losses (N) and whether each guess is right (N, 1 or 0), differentiable by hidden states."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        from liger_kernel.transformers.functional import liger_fused_linear_cross_entropy

        trained = ctx.needs_input_grad[0]
        inputs = hidden.detach().to(weight.dtype).requires_grad_(trained)
        with torch.set_grad_enabled(trained):
            found = liger_fused_linear_cross_entropy(
                inputs, weight, targets, reduction="none", return_token_accuracy=True
            )
        if trained:
            (of_hidden,) = torch.autograd.grad(found.loss, inputs, torch.ones_like(found.loss))
            ctx.save_for_backward(of_hidden.to(hidden.dtype))
        ctx.mark_non_differentiable(found.token_accuracy)
        return found.loss.detach(), found.token_accuracy

    @staticmethod
    def backward(ctx: Any, scale: Tensor, _: Tensor) -> tuple[Tensor, None, None]:
        (of_hidden,) = ctx.saved_tensors
        return of_hidden * scale.unsqueeze(1).to(of_hidden.dtype), None, None

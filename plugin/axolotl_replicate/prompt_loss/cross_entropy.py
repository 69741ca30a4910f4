"""Weighted cross entropy in plain torch, a block of tokens at a time.

For a token with logits z and target y, the loss in nats and its gradient are

    l = logsumexp(z) - z[y]         dl/dz = softmax(z) - onehot(y)

Both ways here compute them in float32 for a block of tokens and let go of the block; neither ever
holds a float32 copy of all logits. The fused way does not hold the logits themselves either: a sum
of w·l is linear in the losses, so each block's gradient with respect to its hidden states can be
taken in the forward pass, while its logits are at hand, and the backward pass only scales it. That
takes the very matrix products of the ordinary way (the idea: Hsu et al., Liger Kernel, arXiv
2410.10989).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

# Fewer make the matrix products slow: at 128 tokens they take a quarter longer on a CPU.
BLOCK_TOKENS = 512  # in float32 64 MiB with a vocabulary of 32,000, 251 MiB with one of 128,256


_FLOAT16_FACTOR = 256  # of the largest weight: room to both sides


@dataclass(frozen=True)
class TokenLosses:
    """What N tokens cost.

    `weighted_sum` is a scalar that gradients flow through; `losses` (N, float32, in nats) and
    `correct` (N, bool: whether the likeliest token is the target) are for measuring only.
    """

    weighted_sum: Tensor
    losses: Tensor
    correct: Tensor


def losses_of_hidden_states(
    hidden: Tensor, targets: Tensor, weights: Tensor, head: nn.Module
) -> TokenLosses:
    """Losses of N tokens from hidden states (N, H), projected by the head block by block.

    `targets` and `weights` are (N). Tokens of weight 0, and all where gradients are off, are only
    measured.
    """
    losses = torch.empty_like(targets, dtype=torch.float32)
    correct = torch.empty_like(targets, dtype=torch.bool)
    trains = (weights > 0) & torch.is_grad_enabled()
    trained, measured = trains.nonzero().squeeze(1), (~trains).nonzero().squeeze(1)
    parameters = [parameter for parameter in head.parameters() if parameter.requires_grad]
    weighted_sum, losses[trained], correct[trained] = _SumOverHiddenStates.apply(
        hidden[trained], targets[trained], weights[trained], head, *parameters
    )
    with torch.no_grad():
        losses[measured], correct[measured] = _measure_projected(
            hidden[measured], targets[measured], head
        )
        weighted_sum_measured = (weights[measured] * losses[measured]).sum()
    return TokenLosses(weighted_sum + weighted_sum_measured, losses, correct)


def losses_of_logits(
    logits: Tensor, positions: Tensor, targets: Tensor, weights: Tensor
) -> TokenLosses:
    """Losses of N tokens from logits (M, V), of which `positions` (N) are the rows that count."""
    return TokenLosses(*_SumOverLogits.apply(logits, positions, targets, weights))


def guesses(hidden: Tensor, head: nn.Module) -> Tensor:
    """The likeliest token (N) after each of the hidden states (N, H)."""
    parts = [head(hidden[part]).argmax(dim=-1) for part in _blocks(len(hidden))]
    return torch.cat([*parts, hidden.new_empty(0, dtype=torch.int64)])


class _SumOverHiddenStates(torch.autograd.Function):  # type: ignore[misc]  # torch is not type checked here
    """The sum of w·l, and l and whether the guess is right beside it.

    Differentiable by the hidden states and by those parameters of the head that are trained.
    """

    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        targets: Tensor,
        weights: Tensor,
        head: nn.Module,
        *parameters: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        losses = torch.empty_like(targets, dtype=torch.float32)
        correct = torch.empty_like(targets, dtype=torch.bool)
        of_hidden = torch.empty_like(hidden, dtype=torch.float32)
        # summed over blocks in float32, as one matrix product over all tokens would
        of_parameters = [torch.zeros_like(each, dtype=torch.float32) for each in parameters]
        log_p = None
        for part in _blocks(len(hidden)):
            inputs = hidden[part].detach().requires_grad_()
            with torch.enable_grad():
                logits = head(inputs)
            log_p = _log_probabilities(logits.detach(), log_p)
            losses[part], correct[part] = _measure(log_p, targets[part])
            factor = _factor(weights, logits.dtype)
            gradient = _gradient(log_p, targets[part], weights[part] * factor)
            of_inputs, *of_block = torch.autograd.grad(
                logits, [inputs, *parameters], gradient.to(logits.dtype)
            )
            del logits  # or they would be held while the next block's are made
            of_hidden[part] = of_inputs.float() / factor
            for total, addend in zip(of_parameters, of_block, strict=True):
                total += addend.float() / factor
        ctx.save_for_backward(of_hidden, *of_parameters)
        ctx.types = [hidden.dtype, *(parameter.dtype for parameter in parameters)]
        ctx.mark_non_differentiable(losses, correct)
        return (weights * losses).sum(), losses, correct

    @staticmethod
    def backward(ctx: Any, scale: Tensor, *_: Any) -> tuple[Tensor | None, ...]:
        of_hidden, *of_parameters = (
            (gradient * scale).to(kind)
            for gradient, kind in zip(ctx.saved_tensors, ctx.types, strict=True)
        )
        return of_hidden, None, None, None, *of_parameters


class _SumOverLogits(torch.autograd.Function):  # type: ignore[misc]  # torch is not type checked here
    """The sum of w·l, and l and whether the guess is right beside it; differentiable by logits.

    Goes through all rows in place: taking out those that count would cost more than it saves.
    """

    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, positions: Tensor, targets: Tensor, weights: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        targets_of_rows = _at_rows(positions, targets, len(logits))
        losses = torch.empty_like(targets_of_rows, dtype=torch.float32)
        correct = torch.empty_like(targets_of_rows, dtype=torch.bool)
        log_p = None
        for part in _blocks(len(logits)):
            log_p = _log_probabilities(logits[part], log_p)
            losses[part], correct[part] = _measure(log_p, targets_of_rows[part])
        losses, correct = losses[positions], correct[positions]
        ctx.save_for_backward(logits, positions, targets, weights)
        ctx.mark_non_differentiable(losses, correct)
        return (weights * losses).sum(), losses, correct

    @staticmethod
    def backward(ctx: Any, scale: Tensor, *_: Any) -> tuple[Tensor, None, None, None]:
        logits, positions, targets, weights = ctx.saved_tensors
        targets_of_rows = _at_rows(positions, targets, len(logits))
        factors_of_rows = _at_rows(positions, scale * weights, len(logits))
        of_logits = torch.empty_like(logits)
        in_place = of_logits.dtype == torch.float32
        log_p = None
        for part in _blocks(len(logits)):
            log_p = _log_probabilities(logits[part], of_logits[part] if in_place else log_p)
            gradient = _gradient(log_p, targets_of_rows[part], factors_of_rows[part])
            if not in_place:
                of_logits[part] = gradient
        return of_logits, None, None, None


def _at_rows(positions: Tensor, values: Tensor, row_count: int) -> Tensor:
    """The values at their positions, and 0 in all other rows."""
    return values.new_zeros(row_count).index_copy_(0, positions, values)


def _measure_projected(hidden: Tensor, targets: Tensor, head: nn.Module) -> tuple[Tensor, Tensor]:
    losses = torch.empty_like(targets, dtype=torch.float32)
    correct = torch.empty_like(targets, dtype=torch.bool)
    log_p = None
    for part in _blocks(len(hidden)):
        log_p = _log_probabilities(head(hidden[part]), log_p)
        losses[part], correct[part] = _measure(log_p, targets[part])
    return losses, correct


def _log_probabilities(logits: Tensor, memory: Tensor | None) -> Tensor:
    """In float32; written over a block that is no longer needed, since fresh memory is slow."""
    out = None if memory is None else memory[: len(logits)]
    return torch.log_softmax(logits, dim=-1, dtype=torch.float32, out=out)


def _measure(log_probabilities: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    of_target = log_probabilities.gather(1, targets.unsqueeze(1)).squeeze(1)
    return -of_target, log_probabilities.argmax(dim=-1) == targets


def _factor(weights: Tensor, kind: torch.dtype) -> Tensor | float:
    """What to multiply gradients of logits with so that their type can hold them.

    float16 ends at 65504 and has nothing below 6e-8; the scaling of losses that training in it
    relies on comes only after these gradients were taken.
    """
    return _FLOAT16_FACTOR / weights.max() if kind == torch.float16 else 1.0


def _gradient(log_probabilities: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """The gradient of the sum of w·l with respect to the logits; overwrites what it is given."""
    gradient = log_probabilities.exp_()
    one = gradient.new_ones(len(targets), 1)
    gradient.scatter_add_(1, targets.unsqueeze(1), -one)
    return gradient.mul_(weights.unsqueeze(1))


def _blocks(length: int) -> Iterator[slice]:
    """Equal blocks, but for a shorter last one."""
    count = -(-length // BLOCK_TOKENS)
    size = -(-length // max(count, 1))
    for start in range(0, length, size or 1):
        yield slice(start, start + size)

"""Which way the loss is computed on this model and machine, and why.

Fused ways project hidden states themselves, so that the logits of all tokens are never held. Each
is tried on a few tokens before it is used: the projection against the model's own logits, a kernel
of another library against plain torch.
"""

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from axolotl_replicate.prompt_loss.cross_entropy import (
    TokenLosses,
    losses_of_hidden_states,
    losses_of_logits,
)
from axolotl_replicate.prompt_loss.fused_kernels import (
    losses_by_cut_cross_entropy,
    losses_by_liger,
)
from axolotl_replicate.prompt_loss.projection import Probe, handing_on_hidden_states, probe

HiddenStateLosses = Callable[[Tensor, Tensor, Tensor, Any], TokenLosses]


@dataclass(frozen=True)
class Kernel:
    """A way of another library, and the package it comes in."""

    losses: HiddenStateLosses
    package: str
    trains_head: bool  # whether it can weigh the gradients of a head that is itself trained


# in order of preference: the first needs the least memory
KERNELS = {
    "cut_cross_entropy": Kernel(losses_by_cut_cross_entropy, "cut_cross_entropy", trains_head=True),
    "liger": Kernel(losses_by_liger, "liger_kernel", trains_head=False),
}
_TOLERANCE = 0.02  # relative: half precision and the order of sums, not another formula


class FusionError(Exception):
    """A way of computing the loss was asked for by name and cannot be had."""


@dataclass(frozen=True)
class LossPath:
    """How the losses of a batch are computed, and why so.

    `around_forward` surrounds the model's forward pass. `losses` takes what it then returns in
    place of logits, as (rows x tokens, width), the positions that count, their targets and weights.
    """

    name: str
    reason: str
    around_forward: Callable[[], AbstractContextManager[None]]
    losses: Callable[[Tensor, Tensor, Tensor, Tensor], TokenLosses]


def unfused(reason: str) -> LossPath:
    """From the model's own logits."""
    return LossPath("none", reason, nullcontext, losses_of_logits)


def choose_path(wanted: str, model: nn.Module, obstacle: str | None = None) -> LossPath:
    """The way that `prompt_loss_fusion` names, or for "auto" the best that works here.

    `model` is without the wrappers of distributed training; `obstacle` says why this run cannot
    leave out a part of it, if so. Raises FusionError.
    """
    if wanted == "none":
        return unfused("as prompt_loss_fusion asks")
    found = obstacle or _try_projection(model)
    if isinstance(found, str):
        if wanted != "auto":
            raise FusionError(f"prompt_loss_fusion: {wanted} cannot be had here: {found}")
        return unfused(found)
    if wanted == "torch":
        return _fused("torch", "as prompt_loss_fusion asks", losses_of_hidden_states, found)
    obstacles = []
    for name in KERNELS if wanted == "auto" else [wanted]:
        why_not = next(_obstacles(KERNELS[name], found), None)
        if why_not is None:
            reason = "installed, tried out" if wanted == "auto" else "as prompt_loss_fusion asks"
            return _fused(name, reason, KERNELS[name].losses, found)
        obstacles.append(f"{name} {why_not}")
    if wanted != "auto":
        raise FusionError(f"prompt_loss_fusion: {obstacles[0]}")
    return _fused("torch", ", ".join(obstacles), losses_of_hidden_states, found)


def _fused(name: str, reason: str, losses: HiddenStateLosses, found: Probe) -> LossPath:
    def of_positions(
        hidden: Tensor, positions: Tensor, targets: Tensor, weights: Tensor
    ) -> TokenLosses:
        return losses(hidden[positions], targets, weights, found.head)

    return LossPath(name, reason, partial(handing_on_hidden_states, found.head), of_positions)


def _try_projection(model: nn.Module) -> Probe | str:
    """What a few tokens showed, or why the head cannot be taken out of the model."""
    head = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None
    if not isinstance(head, nn.Module):
        return "the model names no output projection"
    found = probe(model, head)
    return "the model changes its logits after projecting" if found is None else found


def _obstacles(kernel: Kernel, found: Probe) -> Iterator[str]:
    """What keeps a kernel from being used; the last of them run it."""
    if importlib.util.find_spec(kernel.package) is None:
        yield "is not installed"
    if found.hidden.device.type != "cuda":
        yield "needs a GPU"
    if type(found.head) is not nn.Linear or found.head.bias is not None:
        yield "knows only a plain linear output projection"
        return
    if found.head.weight.requires_grad and not kernel.trains_head:
        yield "cannot weigh the gradients of a trained output projection"
    yield from disagreements(kernel, found)


def disagreements(kernel: Kernel, found: Probe) -> Iterator[str]:
    """Where a kernel fails, or differs from plain torch by more than rounding explains."""
    count = len(found.hidden)
    targets = torch.arange(count, device=found.hidden.device)
    weights = torch.linspace(0.1, 1, count, device=found.hidden.device)
    outcomes = []
    for losses in (losses_of_hidden_states, kernel.losses):
        inputs = found.hidden.clone().requires_grad_()
        try:
            total = losses(inputs, targets, weights, found.head).weighted_sum
            (gradient,) = torch.autograd.grad(total, inputs)
        except Exception as error:  # whatever another library's kernel raises on this machine
            yield f"fails here ({type(error).__name__}: {str(error).partition(chr(10))[0]})"
            return
        outcomes.append((total.detach(), gradient))
    for ours, theirs in zip(*outcomes, strict=True):
        if not (ours - theirs).norm() <= _TOLERANCE * ours.norm():
            yield "gives other numbers than torch here"

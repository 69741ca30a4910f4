"""Hidden states in place of logits: the model's output projection, left to the loss.

A causal language model ends in `logits = head(hidden)`. Where that is all it does, the head can be
left out of the forward pass and applied to a block of tokens at a time. Some models do more: Gemma
2 caps its logits. So what a model does is tried on a few tokens, not looked up in a list.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

PROBE_TOKENS = 8


@dataclass(frozen=True)
class Probe:
    """What a few tokens showed of a model whose logits are its head's output and no more."""

    head: nn.Module
    hidden: Tensor  # (PROBE_TOKENS, H)


@contextmanager
def handing_on_hidden_states(head: nn.Module) -> Iterator[None]:
    """While this lasts, the model returns hidden states where it would return logits."""
    wrapped = vars(head).get("forward")  # a library may have wrapped this very module's method
    head.forward = _unchanged
    try:
        yield
    finally:
        if wrapped is None:
            del head.forward
        else:
            head.forward = wrapped


def _unchanged(hidden: Tensor, *_: Any, **__: Any) -> Tensor:
    return hidden


def probe(model: nn.Module, head: nn.Module) -> Probe | None:
    """Some hidden states of the model, or None where its logits are not just the head's output.

    Draws nothing from the random state and leaves the modules' modes as they were.
    """
    modes = {module: module.training for module in model.modules()}
    model.eval()
    input_ids = torch.arange(PROBE_TOKENS, device=next(model.parameters()).device).unsqueeze(0)
    try:
        with torch.no_grad():
            logits = model(input_ids=input_ids, use_cache=False).logits
            with handing_on_hidden_states(head):
                hidden = model(input_ids=input_ids, use_cache=False).logits
            projected = head(hidden)
    finally:
        for module, mode in modes.items():
            module.training = mode
    if not torch.equal(logits.float(), projected.float()):
        return None
    return Probe(head, hidden.flatten(0, 1))

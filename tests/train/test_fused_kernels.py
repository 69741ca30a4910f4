"""Kernels of other libraries against plain torch, run by Triton's interpreter on a CPU.

cut_cross_entropy is not among them: 25.1.1 calls libdevice's log1p, which the interpreter does not
have, and its backward pass takes half precision only.
"""

import os
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

# on a machine without a GPU the kernels run only where this is set before Triton is imported
INTERPRETED = {**os.environ, "TRITON_INTERPRET": "1", "CUDA_VISIBLE_DEVICES": ""}
COMPARISON = """
import torch
from axolotl_replicate.prompt_loss.cross_entropy import losses_of_hidden_states
from axolotl_replicate.prompt_loss.fused_kernels import losses_by_liger

torch.manual_seed(0)
head = torch.nn.Linear(48, 301, bias=False).requires_grad_(False)
hidden, targets = torch.randn(37, 48), torch.randint(301, (37,))
weights = torch.rand(37)
weights[::3], weights[1::3] = 0, 2
outcomes = []
for losses in (losses_of_hidden_states, losses_by_liger):
    inputs = hidden.clone().requires_grad_()
    targets[:5] = head(hidden[:5]).argmax(-1)  # some guesses are right
    found = losses(inputs, targets, weights, head)
    (found.weighted_sum / 7).backward()
    outcomes.append((found.weighted_sum.detach(), found.losses, inputs.grad, found.correct))
assert outcomes[0][3].sum() >= 5
for ours, theirs in zip(*outcomes):
    torch.testing.assert_close(theirs, ours, rtol=1e-5, atol=1e-6)
"""


def test_ligers_losses_and_gradients_equal_those_of_plain_torch() -> None:
    """Liger's fused kernel gives each token's loss, guess and gradient as plain torch does."""
    finished = subprocess.run(
        [sys.executable, "-c", COMPARISON],
        env=INTERPRETED,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )

    assert finished.returncode == 0, finished.stdout

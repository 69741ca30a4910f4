"""Where Axolotl's versions differ, or need help: each question asked of what is installed.

No other module asks, and none asks for a version: a feature is there or it is not.
"""

import inspect
from typing import Any


def loss_takes_token_count(model: Any) -> bool:
    """Whether the model's loss can be divided by the number of a step's targets.

    Axolotl 0.19 looks for `num_items_in_batch` in `forward`, where it never is, and so averages the
    means of micro-batches (axolotl#3982); later versions ask the loss, as is done here.
    """
    if hasattr(model, "get_base_model"):
        model = model.get_base_model()
    forward = inspect.signature(model.forward).parameters.values()
    loss = getattr(model, "loss_function", None)
    return (
        any(parameter.kind is parameter.VAR_KEYWORD for parameter in forward)
        and loss is not None
        and "num_items_in_batch" in inspect.signature(loss).parameters
    )


def skip_the_question_for_gpu_peers() -> None:
    """Keep several processes without a GPU from asking whether their GPUs can reach one another.

    Axolotl asks for each process of a job (0.19 to 0.21). PyTorch built for CUDA answers with an
    error where there is no driver; built without, with a warning.
    """
    from axolotl.utils import trainer

    if hasattr(trainer, "check_cuda_p2p_ib_support"):
        trainer.check_cuda_p2p_ib_support = lambda: True

"""Where Axolotl's versions differ, or need help: each question asked of what is installed.

No other module asks, and none asks for a version: a feature is there or it is not.
"""


def skip_the_question_for_gpu_peers() -> None:
    """Keep several processes without a GPU from asking whether their GPUs can reach one another.

    Axolotl asks for each process of a job (0.19 to 0.21). PyTorch built for CUDA answers with an
    error where there is no driver; built without, with a warning.
    """
    from axolotl.utils import trainer

    if hasattr(trainer, "check_cuda_p2p_ib_support"):
        trainer.check_cuda_p2p_ib_support = lambda: True

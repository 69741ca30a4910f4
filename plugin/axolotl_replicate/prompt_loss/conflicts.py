"""What cannot be trained together with loss weights, each with its reason."""

from collections.abc import Iterator, Mapping
from typing import Any

from dataset_tools.errors import InputError

# keys that bring a loss or a batch of their own, and what to do about it
_EXCLUDING_KEYS = {
    "rl": "preference and reinforcement training have losses of their own",
    "orpo_alpha": "ORPO has a loss of its own",
    "kd_trainer": "knowledge distillation has a loss of its own",
    "reward_model": "a reward model has a loss of its own",
    "process_reward_model": "a reward model has a loss of its own",
    "use_eaft": "EAFT weighs tokens by their entropy",
    "use_dft": "DFT weighs tokens by their probability",
    "label_smoothing_factor": "smoothing changes the loss that would be weighed",
    "trainer_cls": "it names another trainer",
    "streaming": "streamed data is packed before it could be weighed",
    "pretraining_dataset": "streamed data is packed before it could be weighed",
    "processor_type": "images have no weights",
    "batch_flattening": "it joins records without their weights; pack_sequences keeps them",
}
_EXCLUDING_ABOVE_ONE = {
    "context_parallel_size": "a sequence spread over devices parts tokens from their weights",
    "sequence_parallel_degree": "a sequence spread over devices parts tokens from their weights",
    "tensor_parallel_size": "logits spread over devices cannot be weighed",
}


def check_conflicts(cfg: Mapping[str, Any]) -> None:
    """Refuse keys that weights cannot work with; raises InputError naming both."""
    for problem in _conflicts(cfg):
        raise InputError(problem)


def _conflicts(cfg: Mapping[str, Any]) -> Iterator[str]:
    for key, reason in _EXCLUDING_KEYS.items():
        if cfg.get(key):
            yield f"prompt_loss_weight and {key}: they exclude one another ({reason})"
    for key, reason in _EXCLUDING_ABOVE_ONE.items():
        if (cfg.get(key) or 1) > 1:
            yield f"prompt_loss_weight and {key}: they exclude one another ({reason})"


def check_other_plugins(cfg: Any, plugins: Mapping[str, Any], own: object) -> None:
    """Refuse another plugin's trainer or collator, of which Axolotl would use only one.

    Raises InputError naming the plugin.
    """
    for name, plugin in plugins.items():
        if plugin is own:
            continue
        for hook in (plugin.get_trainer_cls, plugin.get_collator_cls_and_kwargs):
            if hook(cfg) is not None:
                raise InputError(
                    f"prompt_loss_weight and plugins: {name} brings a trainer or a collator of its "
                    "own, and Axolotl uses only one; remove one of the two plugins"
                )

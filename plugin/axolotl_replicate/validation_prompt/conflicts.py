"""What one process alone cannot generate with, each with its reason."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dataset_tools.errors import InputError

_SPREAD = "the model is spread over processes, and one of them alone cannot generate with its part"
_EXCLUDING_KEYS = {
    "fsdp": _SPREAD,
    "fsdp_config": _SPREAD,
    "reward_model": "a reward model writes no text",
    "process_reward_model": "a reward model writes no text",
}
_EXCLUDING_ABOVE_ONE = {
    "context_parallel_size": _SPREAD,
    "sequence_parallel_degree": _SPREAD,
    "tensor_parallel_size": _SPREAD,
}
_STAGE_THAT_SPREADS_WEIGHTS = 3


def check_conflicts(cfg: Mapping[str, Any]) -> None:
    """Refuse keys that a prompt cannot be answered with; raises InputError naming both."""
    for key, reason in _conflicts(cfg):
        raise InputError(f"validation_prompt and {key}: they exclude one another ({reason})")


def check_trainer(trainer: Any) -> None:
    """Refuse a model that accelerate's own configuration spreads; raises InputError."""
    if trainer.is_fsdp_enabled:
        raise InputError(f"validation_prompt and FSDP: they exclude one another ({_SPREAD})")
    if trainer.is_deepspeed_enabled and (
        trainer.accelerator.state.deepspeed_plugin.zero_stage == _STAGE_THAT_SPREADS_WEIGHTS
    ):
        raise InputError(
            f"validation_prompt and DeepSpeed stage 3: they exclude one another ({_SPREAD})"
        )


def _conflicts(cfg: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, reason in _EXCLUDING_KEYS.items():
        if cfg.get(key):
            yield key, reason
    for key, reason in _EXCLUDING_ABOVE_ONE.items():
        if (cfg.get(key) or 1) > 1:
            yield key, reason
    if _deepspeed_stage(cfg.get("deepspeed")) == _STAGE_THAT_SPREADS_WEIGHTS:
        yield "deepspeed", f"stage 3: {_SPREAD}"


def _deepspeed_stage(deepspeed: Any) -> Any:
    """The stage a DeepSpeed configuration or its file names; what cannot be read is Axolotl's."""
    if isinstance(deepspeed, str):
        try:
            deepspeed = json.loads(Path(deepspeed).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
    if not isinstance(deepspeed, Mapping):
        return None
    zero = deepspeed.get("zero_optimization")
    return zero.get("stage") if isinstance(zero, Mapping) else None

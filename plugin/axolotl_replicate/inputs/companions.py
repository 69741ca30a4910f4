"""Axolotl's keys that cannot stand beside ours, or name what is not there."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dataset_tools.errors import InputError

_OTHER_DATA = (
    "datasets",
    "test_datasets",
    "pretraining_dataset",
    "streaming",
    "rl",
    "skip_prepare_dataset",
)
_SHORTEST_SEQUENCE = 2  # tokens; Axolotl's own default, below which nothing could be a target
_TARGETS = ("lora_target_modules", "lora_target_parameters")


def check_companions(cfg: Mapping[str, Any]) -> None:
    """Refuse keys that would make Axolotl train otherwise than the recipe says.

    Raises InputError naming the keys.
    """
    for problem in _problems(cfg):
        raise InputError(problem)


def _problems(cfg: Mapping[str, Any]) -> Iterator[str]:
    for key in _OTHER_DATA:
        if cfg.get(key):
            yield f"train_data and {key}: they exclude one another; keep one of them"
    if (cfg.get("min_sample_len") or 0) > _SHORTEST_SEQUENCE:
        yield (
            f"min_sample_len: would drop records that train_data holds; remove the key, or set it "
            f"to {_SHORTEST_SEQUENCE}"
        )
    yield from _adapter_problems(cfg)
    checkpoint = cfg.get("resume_from_checkpoint")
    if isinstance(checkpoint, str) and not Path(checkpoint).is_dir():
        yield f"resume_from_checkpoint: no such folder '{checkpoint}'"


def _adapter_problems(cfg: Mapping[str, Any]) -> Iterator[str]:
    adapter = cfg.get("peft_method") or cfg.get("adapter") or "lora"
    if adapter == "lora" and cfg.get("load_in_4bit"):
        yield (
            "peft_method and load_in_4bit: only qlora loads in 4 bit; set peft_method: qlora, or "
            "remove load_in_4bit"
        )
    if adapter == "qlora" and cfg.get("load_in_8bit"):
        yield "peft_method and load_in_8bit: qlora loads in 4 bit; remove the key"
    if adapter == "qlora" and cfg.get("load_in_4bit") is False and not cfg.get("merge_lora"):
        yield "peft_method and load_in_4bit: qlora loads in 4 bit; remove the key"
    if cfg.get("lora_target_linear") is False and not any(cfg.get(key) for key in _TARGETS):
        yield (
            "lora_target_linear: false leaves LoRA nothing to train; name lora_target_modules, or "
            "remove the key"
        )
    adapter_folder = cfg.get("lora_model_dir")
    if (
        isinstance(adapter_folder, str)
        and adapter_folder.startswith(("/", "."))  # else it may be a hub name
        and not Path(adapter_folder, "adapter_config.json").is_file()
    ):
        yield f"lora_model_dir: found no adapter_config.json in '{adapter_folder}'"

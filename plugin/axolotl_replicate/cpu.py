"""What a recipe needs to run on a machine without CUDA, each change with its reason.

Axolotl's defaults are for GPUs: unset, half precision and the fused LoRA kernels are switched on
and crash on a CPU.
"""

import os
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from axolotl_replicate.attention import ATTENTION_KEYS

_CPU_ATTENTION = ("sdpa", "eager")
_CPU_ATTENTION_KEYS = ("eager_attention", "sdp_attention")
_GPU_OPTIMIZER_SIGNS = ("8bit", "4bit", "bnb", "paged", "fused", "torchao", "fp8", "muon", "flash_")
CPU_OPTIMIZER = "adamw_torch"
_STORAGE = "bnb_4bit_quant_storage"
_AFTER_TORCHS_OWN = 100  # torch.serialization asks in ascending order; its own have 10 to 30
_ONLY_MAIN_MEMORY = {"cpu": "1000000GB"}  # more than any: what does not fit would go to disk

# keys that are set to false unless the recipe does so: left unset, Axolotl may switch them on
_UNSET_IS_ON = {
    "bf16": "half precision is for GPUs; float32 is used",
    "fp16": "half precision is for GPUs; float32 is used",
    "tf32": "half precision is for GPUs; float32 is used",
    "lora_mlp_kernel": "the fused LoRA kernels are written for GPUs",
    "lora_qkv_kernel": "the fused LoRA kernels are written for GPUs",
    "lora_o_kernel": "the fused LoRA kernels are written for GPUs",
}
# keys that crash where the recipe sets them
_FOR_GPUS = {
    "bfloat16": "half precision is for GPUs; float32 is used",
    "float16": "half precision is for GPUs; float32 is used",
    "fp8": "8-bit floating point needs a GPU",
    "activation_offloading": "there is no GPU memory to move activations out of",
    "gpu_memory_limit": "there is no GPU memory to limit",
    "deepspeed": "DeepSpeed spreads a model over GPUs",
    "fsdp": "FSDP spreads a model over GPUs",
    "fsdp_config": "FSDP spreads a model over GPUs",
    "fsdp_version": "FSDP spreads a model over GPUs",
    "cut_cross_entropy": "its kernel is written for GPUs; the loss is the same without",
    **{
        f"liger_{kernel}": "Liger's kernels are written for GPUs; the numbers are the same without"
        for kernel in (
            "rope",
            "rms_norm",
            "rms_norm_gated",
            "layer_norm",
            "swiglu",
            "glu_activation",
            "cross_entropy",
            "fused_linear_cross_entropy",
        )
    },
}
# of these, those that are taken out rather than switched off
_TAKEN_OUT = ("gpu_memory_limit", "deepspeed", "fsdp", "fsdp_config", "fsdp_version")
_CUT_CROSS_ENTROPY_PLUGIN = "CutCrossEntropyPlugin"


@dataclass(frozen=True, slots=True)
class Change:
    """One key set otherwise than the recipe has it."""

    key: str
    value: Any
    reason: str

    def __str__(self) -> str:
        value = self.value
        if value is None or isinstance(value, bool):
            value = "null" if value is None else str(value).lower()
        return f"{self.key}: {value} ({self.reason})"


def has_cuda() -> bool:
    """Whether this machine has a CUDA device that torch can use."""
    import torch

    return bool(torch.cuda.is_available())


def adapt_to_this_machine(cfg: MutableMapping[str, Any], process_count: int = 1) -> list[Change]:
    """Change the raw configuration where there is no CUDA device, and only there."""
    return [] if has_cuda() else adapt_to_cpu(cfg, process_count)


def adapt_to_cpu(cfg: MutableMapping[str, Any], process_count: int = 1) -> list[Change]:
    """Change the raw configuration so that it trains without CUDA; returns what was changed."""
    changes = list(_changes(cfg))
    if process_count > 1:
        changes += _changes_for_processes(cfg)
    for change in changes:
        cfg[change.key] = change.value
    return changes


def _changes(cfg: MutableMapping[str, Any]) -> Iterator[Change]:
    for key, reason in _UNSET_IS_ON.items():
        if cfg.get(key) is not False:
            yield Change(key, False, reason)
    for key, reason in _FOR_GPUS.items():
        if cfg.get(key):
            yield Change(key, None if key in _TAKEN_OUT else False, reason)
    # the plugin alone switches its kernel on
    plugins = [str(plugin) for plugin in cfg.get("plugins") or []]
    if cfg.get("cut_cross_entropy") is None and any(
        plugin.endswith(_CUT_CROSS_ENTROPY_PLUGIN) for plugin in plugins
    ):
        yield Change("cut_cross_entropy", False, _FOR_GPUS["cut_cross_entropy"])
    if str(cfg.get("gradient_checkpointing")).startswith("offload"):
        yield Change("gradient_checkpointing", True, _FOR_GPUS["activation_offloading"])
    optimizer = cfg.get("optimizer")
    if optimizer is None or any(sign in str(optimizer) for sign in _GPU_OPTIMIZER_SIGNS):
        found = f"instead of {optimizer}, which" if optimizer else "the default one"
        yield Change("optimizer", CPU_OPTIMIZER, f"{found} needs a GPU")
    quantisation = cfg.get("bnb_config_kwargs") or {}
    if cfg.get("inference") and cfg.get("load_in_4bit") and not quantisation.get(_STORAGE):
        # `axolotl inference` converts what is stored as bfloat16 to float32, packed weights too
        yield Change(
            "bnb_config_kwargs", {**quantisation, _STORAGE: "uint8"}, "keeps 4-bit weights packed"
        )
    yield from _attention_changes(cfg)


def _attention_changes(cfg: MutableMapping[str, Any]) -> Iterator[Change]:
    for key in ATTENTION_KEYS:
        if cfg.get(key) and key not in (*_CPU_ATTENTION_KEYS, "attn_implementation"):
            yield Change(key, False, "this attention needs a GPU")
    if cfg.get("attn_implementation") not in _CPU_ATTENTION and not any(
        cfg.get(key) for key in _CPU_ATTENTION_KEYS
    ):
        yield Change("attn_implementation", "sdpa", "attention that runs on a CPU")


def _changes_for_processes(cfg: Mapping[str, Any]) -> Iterator[Change]:
    """Load the model into main memory, where Axolotl would look for a GPU a process.

    It sets `device_map` itself when there are several; the limits of memory overrule that.
    """
    if cfg.get("max_memory") != _ONLY_MAIN_MEMORY:
        yield Change("max_memory", _ONLY_MAIN_MEMORY, "each process loads the model there")


def join_processes() -> None:
    """Let the processes of one job on a CPU train as one.

    Otherwise accelerate takes each for a run of its own, without a word.
    """
    os.environ.setdefault("ACCELERATE_USE_CPU", "true")
    _teach_torch_to_load_on_numbered_cpus()


@cache
def _teach_torch_to_load_on_numbered_cpus() -> None:
    """Let `torch.load` take "cpu:1" for a place, which accelerate calls a process's device.

    Otherwise a run of several processes cannot be resumed.
    """
    import torch

    torch.serialization.register_package(
        _AFTER_TORCHS_OWN,
        lambda storage: None,
        lambda storage, location: storage if location.startswith("cpu:") else None,
    )


def unpack_4bit_layers(model: Any) -> None:
    """Keep bitsandbytes from repacking 4-bit layers for inference, which breaks their gradients.

    On processors with AVX512-BF16 the first evaluation repacks every `Linear4bit`; the packed
    kernel has no backward pass (bitsandbytes 0.50), so training would go on with wrong gradients.
    """
    for module in model.modules():
        if getattr(module, "support_avx512bf16_for_cpu", False):
            module.support_avx512bf16_for_cpu = False

"""What a recipe needs to run on a machine without CUDA, each change with its reason.

Axolotl's defaults are for GPUs: unset, half precision and the fused LoRA kernels are switched on
and crash on a CPU.
"""

import os
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

_LORA_KERNELS = ("lora_mlp_kernel", "lora_qkv_kernel", "lora_o_kernel")
_HALF_PRECISION = ("bf16", "fp16", "tf32")
_GPU_ATTENTION_KEYS = ("flash_attention", "flex_attention", "xformers_attention", "sage_attention")
_CPU_ATTENTION = ("sdpa", "eager")
_GPU_OPTIMIZER_SIGNS = ("8bit", "4bit", "bnb", "paged", "fused", "torchao", "fp8", "muon")
CPU_OPTIMIZER = "adamw_torch"
_ONLY_MAIN_MEMORY = {"cpu": "1000000GB"}  # more than any: what does not fit would go to disk


@dataclass(frozen=True, slots=True)
class Change:
    """One key set otherwise than the recipe has it."""

    key: str
    value: Any
    reason: str

    def __str__(self) -> str:
        value = str(self.value).lower() if isinstance(self.value, bool) else self.value
        return f"{self.key}: {value} ({self.reason})"


def adapt_to_cpu(cfg: MutableMapping[str, Any], process_count: int = 1) -> list[Change]:
    """Change the raw configuration so that it trains without CUDA; returns what was changed."""
    changes = list(_changes(cfg))
    if process_count > 1:
        changes += _changes_for_processes(cfg)
    for change in changes:
        cfg[change.key] = change.value
    return changes


def _changes(cfg: MutableMapping[str, Any]) -> Iterator[Change]:
    for key in _HALF_PRECISION:
        if cfg.get(key) is not False:
            yield Change(key, False, "half precision is for GPUs; float32 is used")
    for key in _LORA_KERNELS:
        if cfg.get(key) is not False:
            yield Change(key, False, "the fused LoRA kernels are written for GPUs")
    optimizer = cfg.get("optimizer")
    if optimizer is None or any(sign in str(optimizer) for sign in _GPU_OPTIMIZER_SIGNS):
        found = f"instead of {optimizer}, which" if optimizer else "the default one"
        yield Change("optimizer", CPU_OPTIMIZER, f"{found} needs a GPU")
    for key in _GPU_ATTENTION_KEYS:
        if cfg.get(key):
            yield Change(key, False, "this attention needs a GPU")
    if cfg.get("attn_implementation") not in _CPU_ATTENTION and not cfg.get("eager_attention"):
        yield Change("attn_implementation", "sdpa", "attention that runs on a CPU")


def _changes_for_processes(cfg: Mapping[str, Any]) -> Iterator[Change]:
    """Load the model into main memory, where Axolotl would look for a GPU a process.

    It sets `device_map` itself when there are several; the limits of memory overrule that.
    """
    if cfg.get("gpu_memory_limit") is not None:
        yield Change("gpu_memory_limit", None, "there is no GPU to limit")
    if cfg.get("max_memory") != _ONLY_MAIN_MEMORY:
        yield Change("max_memory", _ONLY_MAIN_MEMORY, "each process loads the model there")


def join_processes() -> None:
    """Let the processes of one job on a CPU train as one.

    Otherwise accelerate takes each for a run of its own, without a word.
    """
    os.environ.setdefault("ACCELERATE_USE_CPU", "true")


def unpack_4bit_layers(model: Any) -> None:
    """Keep bitsandbytes from repacking 4-bit layers for inference, which breaks their gradients.

    On processors with AVX512-BF16 the first evaluation repacks every `Linear4bit`; the packed
    kernel has no backward pass (bitsandbytes 0.50), so training would go on with wrong gradients.
    """
    for module in model.modules():
        if getattr(module, "support_avx512bf16_for_cpu", False):
            module.support_avx512bf16_for_cpu = False

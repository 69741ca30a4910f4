"""Which of Axolotl's commands runs: training and measuring need the data, the others do not.

All of them read the recipe and register its plugins in the same way. `inference` and `merge-lora`
say so in the configuration, but `merge-lora` reads it twice and only the second time; the rest say
nothing.
"""

import sys
from collections.abc import Mapping
from typing import Any

_WITHOUT_DATA = (
    "export",
    "inference",
    "merge-lora",
    "merge-sharded-fsdp-weights",
    "quantize",
    "vllm-serve",
)
_COMMAND_MODULES = "axolotl.cli."


def needs_data(cfg: Mapping[str, Any]) -> bool:
    """Whether the command that has read this configuration looks at the training data."""
    if cfg.get("inference") or cfg.get("merge_lora"):
        return False
    return _command_name() not in _WITHOUT_DATA


def _command_name() -> str | None:
    """The command's name: from Axolotl's command line, or of the module a launcher has started."""
    import click

    context = click.get_current_context(silent=True)
    if context is not None:
        return context.info_name
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    if spec is None or not spec.name.startswith(_COMMAND_MODULES):
        return None
    name: str = spec.name.removeprefix(_COMMAND_MODULES)
    return name.replace("_", "-")

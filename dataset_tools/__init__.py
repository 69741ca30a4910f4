"""Lint, convert and preview fine-tuning data, and render it the way the trainer will see it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataset_tools.errors import InputError
    from dataset_tools.python_api import convert_rows, lint_records

__version__ = "0.1.0"
__all__ = ["InputError", "__version__", "convert_rows", "lint_records"]

_PLACES = {
    "InputError": "dataset_tools.errors",
    "convert_rows": "dataset_tools.python_api",
    "lint_records": "dataset_tools.python_api",
}


def __getattr__(name: str) -> object:
    """Import what is asked for, when it is: the command line starts without it."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)

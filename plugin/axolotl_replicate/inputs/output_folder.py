"""Whether training can write where it will have to, asked before a model is loaded."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dataset_tools.errors import InputError

_FOLDERS = ("output_dir", "dataset_prepared_path")


def check_output_folders(cfg: Mapping[str, Any]) -> None:
    """Make the folders that the recipe names and write into each; raises InputError by key."""
    for key in _FOLDERS:
        folder = cfg.get(key)
        if not folder:
            continue
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise InputError(f"{key}: cannot write into '{folder}': {reason}") from error

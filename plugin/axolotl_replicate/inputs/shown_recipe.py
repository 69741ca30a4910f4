"""The recipe as others may see it, without the credentials and query strings of its locations.

Axolotl copies the recipe's text into the adapter's README.md, which goes to the hub with it, and
hands the file to experiment trackers; what it logs is the configuration.
"""

from collections.abc import Mapping, MutableMapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from dataset_tools.download_cache import cache_folder
from dataset_tools.output_files import replacing
from dataset_tools.sources import display_name

_LOCATION_KEYS = ("train_data", "validation_data")


def hide_secrets(cfg: MutableMapping[str, Any]) -> None:
    """Show locations without their secrets: in the configuration, and in a copy of the recipe.

    The copy takes the recipe's place as `axolotl_config_path`; without secrets there is none.
    """
    secrets: dict[str, str] = {}
    for key in _LOCATION_KEYS:
        given = cfg.get(key)
        if not given:
            continue
        locations = [given] if isinstance(given, str) else list(given)
        shown = [display_name(location) for location in locations]
        cfg[key] = shown[0] if isinstance(given, str) else shown
        secrets.update(
            (location, name)
            for location, name in zip(locations, shown, strict=True)
            if location != name
        )
    recipe = cfg.get("axolotl_config_path")
    if secrets and recipe is not None and Path(recipe).is_file():
        cfg["axolotl_config_path"] = str(_copy_without(secrets, Path(recipe)))


def _copy_without(secrets: Mapping[str, str], recipe: Path) -> Path:
    text = recipe.read_text(encoding="utf-8")
    for location in sorted(secrets, key=len, reverse=True):
        text = text.replace(location, secrets[location])
    if _holds_any(yaml.safe_load(text), secrets):  # one of them is spelt with escapes or folded
        text = yaml.safe_dump(
            _replaced(yaml.safe_load(text), secrets), allow_unicode=True, sort_keys=False
        )
    folder = cache_folder() / "recipes" / sha256(text.encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / recipe.name
    with replacing(copy) as stream:
        stream.write(text.encode())
    return copy


def _holds_any(value: Any, secrets: Mapping[str, str]) -> bool:
    return bool(_replaced(value, secrets) != value)


def _replaced(value: Any, secrets: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(each, secrets) for key, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, secrets) for each in value]
    return secrets.get(value, value) if isinstance(value, str) else value

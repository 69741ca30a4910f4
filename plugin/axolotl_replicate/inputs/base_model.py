"""Whether the base model is there, asked before Axolotl loads anything of it.

Axolotl answers a misspelt name with sixty lines. Only `config.json` is read, a few hundred bytes.
"""

import json
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dataset_tools.errors import InputError
from dataset_tools.home_folder import with_home

_CONFIG = "config.json"
_WEIGHT_SUFFIXES = frozenset({".safetensors", ".bin", ".pt", ".pth", ".gguf", ".h5", ".msgpack"})
# how the names of tokenizers' files begin: tokenizer.json, vocab.txt, tekken.json, spiece.model
_TOKENIZER_BEGINNINGS = ("tokenizer", "vocab", "tekken", "spiece", "sentencepiece", "bpe")
_ADAPTER_CONFIG = "adapter_config.json"


def read_model_config(cfg: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """The base model's `config.json`; empty where another key of the recipe replaces it.

    A folder under `~` is written out, since nobody else does. Raises InputError in one line where
    there is no such model.
    """
    tokenizer = cfg.get("tokenizer_config")
    if isinstance(tokenizer, str) and _is_path(tokenizer) and not with_home(tokenizer).exists():
        raise InputError(f"tokenizer_config: no such folder '{tokenizer}'")
    name = cfg.get("base_model")
    if name is None or name == "":
        raise InputError("base_model: missing; give the folder or the hub name of a model")
    if not isinstance(name, str):
        raise InputError(f"base_model: found {name!r}, expected a folder or a hub name")
    replaced = any(cfg.get(key) for key in ("base_model_config", "cls_model_config"))
    folder = with_home(name)
    if folder.is_dir():
        cfg["base_model"] = str(folder) if name.startswith("~") else name
        path = folder / _CONFIG
        if not path.is_file():
            if replaced:
                return {}
            raise InputError(f"base_model: {_without_config(folder)}")
        _check_files(folder, cfg)
    elif folder.exists():
        raise InputError(f"base_model: '{name}' is a file, expected a folder or a hub name")
    elif _is_path(name):
        raise InputError(f"base_model: no such folder '{name}'")
    elif replaced:
        return {}
    else:
        path = _from_hub(name, cfg.get("revision_of_model"))
    return _read(path, name)


def _is_path(name: str) -> bool:
    return name.startswith(("/", ".", "~")) or name.count("/") > 1 or "\\" in name


def _without_config(folder: Path) -> str:
    if (folder / _ADAPTER_CONFIG).is_file():
        return (
            f"the folder '{folder}' holds an adapter, expected a model; name the model that the "
            "adapter belongs to, and the adapter under lora_model_dir"
        )
    return f"the folder '{folder}' holds no {_CONFIG}, expected a model as transformers saves it"


def _check_files(folder: Path, cfg: Mapping[str, Any]) -> None:
    """Refuse a folder that was copied or fetched in part."""
    names = [path.name for path in folder.iterdir()]
    if not cfg.get("reinit_weights") and not any(
        Path(name).suffix in _WEIGHT_SUFFIXES for name in names
    ):
        raise InputError(
            f"base_model: the folder '{folder}' holds no weights, such as *.safetensors"
        )
    if not cfg.get("tokenizer_config") and not any(
        name.startswith(_TOKENIZER_BEGINNINGS) for name in names
    ):
        raise InputError(
            f"base_model: the folder '{folder}' holds no tokenizer, such as tokenizer.json; copy "
            "it there, or name another under tokenizer_config"
        )


def _from_hub(name: str, revision: str | None) -> Path:
    from huggingface_hub import errors, hf_hub_download

    absent = f"base_model: no folder '{name}' here, and"
    try:
        with _quiet_hub():
            return Path(hf_hub_download(name, _CONFIG, revision=revision))
    except errors.HFValidationError as error:
        raise InputError(f"base_model: no such folder '{name}', and no name for a hub") from error
    except errors.GatedRepoError as error:
        raise InputError(
            f"base_model: '{name}' is gated; accept its licence on its page on the hub, then run "
            "'hf auth login'"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise InputError(
            f"{absent} no such model on the hub, or none that you may read; correct the name, or "
            "run 'hf auth login'"
        ) from error
    except errors.RevisionNotFoundError as error:
        raise InputError(f"revision_of_model: '{name}' has no revision '{revision}'") from error
    except errors.RemoteEntryNotFoundError as error:
        raise InputError(f"base_model: '{name}' on the hub holds no {_CONFIG}") from error
    except Exception as error:  # no network: the hub's client fails in ways of several libraries
        raise InputError(
            f"{absent} the hub cannot be asked for it (offline?) and its cache has no copy; "
            f"correct the name, or fetch the model first: hf download {name}"
        ) from error


@contextmanager
def _quiet_hub() -> Iterator[None]:
    """Without the hub's own warnings: what they say comes as an exception, too."""
    from huggingface_hub.utils import logging

    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)


def _read(path: Path, name: str) -> Mapping[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"base_model: {_CONFIG} of '{name}' cannot be read: {error}") from error
    if not isinstance(config, dict):
        raise InputError(f"base_model: {_CONFIG} of '{name}' holds no keys and values")
    return config

"""Tokenizers from single files: `tokenizer.json`, SentencePiece's `tokenizer.model`, `tekken.json`.

A file that stands in a model's folder beside `tokenizer_config.json` is read as training reads that
folder. A file alone does not say which of its tokens ends a text; what is guessed is told.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dataset_tools.errors import InputError, MissingExtraError

# what models end a text with, base models' tokens first
EOS_TOKENS = (
    "</s>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<eos>",
    "<|eot_id|>",
    "<|im_end|>",
    "<｜end▁of▁sentence｜>",
)
_PROBE = "a"
_FOLDER_NAMES = ("tokenizer.json", "tokenizer.model")
# Llama 2's and Mistral's own: BOS before a text, a space before its first word
_LLAMA_CONFIG = {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True, "legacy": True}


def read_tokenizer_file(path: Path, special_tokens: Mapping[str, str]) -> tuple[Any, str | None]:
    """A transformers tokenizer, and what had to be assumed about it.

    Raises InputError (without the path) where the file is no tokenizer or has no EOS token that
    can be told, MissingExtraError where a library is missing; transformers' own errors pass.
    """
    from transformers import AutoTokenizer

    if path.name in _FOLDER_NAMES and (path.parent / "tokenizer_config.json").exists():
        return AutoTokenizer.from_pretrained(str(path.parent)), None
    with path.open("rb") as stream:
        is_json = stream.read(64).lstrip().startswith(b"{")
    if not is_json:
        return _read_sentencepiece(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"is no tokenizer: it is not JSON throughout ({error})") from error
    if "model" in content:
        tokenizer = _read_tokenizer_json(path, content)
    elif isinstance(content.get("config"), dict) and "vocab" in content:
        tokenizer = _read_tekken(path)
    else:
        raise InputError(
            "is no tokenizer: found JSON without 'model', expected a tokenizer.json, a "
            "tokenizer.model, Mistral's tekken.json, or a model's folder"
        )
    return tokenizer, _name_eos(tokenizer, special_tokens)


def _read_tokenizer_json(path: Path, content: Mapping[str, Any]) -> Any:
    from transformers import PreTrainedTokenizerFast

    roles = {"unk_token": (content["model"] or {}).get("unk_token"), **_roles_beside(path)}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(path), **{role: token for role, token in roles.items() if token}
    )
    if tokenizer.bos_token is None:
        with_special = tokenizer(_PROBE)["input_ids"]
        if with_special[:1] != tokenizer(_PROBE, add_special_tokens=False)["input_ids"][:1]:
            tokenizer.bos_token = tokenizer.convert_ids_to_tokens(with_special[0])
    return tokenizer


def _roles_beside(path: Path) -> dict[str, str]:
    """Which token has which role, as the file `special_tokens_map.json` in the folder says."""
    beside = path.parent / "special_tokens_map.json"
    if path.name not in _FOLDER_NAMES or not beside.exists():
        return {}
    roles = json.loads(beside.read_text(encoding="utf-8"))
    return {
        role: token["content"] if isinstance(token, dict) else token
        for role, token in roles.items()
        if role in ("bos_token", "eos_token", "unk_token")
    }


def _read_sentencepiece(path: Path) -> tuple[Any, str]:
    from transformers import LlamaTokenizerFast

    try:
        import sentencepiece
    except ImportError as error:
        raise MissingExtraError("reading a SentencePiece model", "tokens") from error
    try:
        model = sentencepiece.SentencePieceProcessor(model_file=str(path))
    except (RuntimeError, OSError) as error:
        raise InputError(
            "is no tokenizer: found neither JSON nor a SentencePiece model, expected a "
            "tokenizer.json, a tokenizer.model, or a model's folder"
        ) from error
    _require_working_protobuf()
    ids = {"bos_token": model.bos_id(), "eos_token": model.eos_id(), "unk_token": model.unk_id()}
    config = _LLAMA_CONFIG | {
        role: model.id_to_piece(token) if token >= 0 else None for role, token in ids.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(path, Path(folder, "tokenizer.model"))
        Path(folder, "tokenizer_config.json").write_text(json.dumps(config))
        tokenizer = LlamaTokenizerFast.from_pretrained(folder)
    return tokenizer, "it is read as Llama's and Mistral's are: with BOS and a space before a text"


def _require_working_protobuf() -> None:
    """Raise InputError where sentencepiece's description of its files cannot be imported.

    transformers would go on and misread the file as another format.
    """
    try:
        from sentencepiece import sentencepiece_model_pb2  # noqa: F401 - whether it can be
    except Exception as error:  # protobuf raises errors of its own where versions don't match
        reason = str(error).split(". ")[0]
        raise InputError(
            f"SentencePiece models cannot be read here: {reason}; install versions of "
            "sentencepiece and protobuf that fit together, or name a tokenizer.json"
        ) from error


def _read_tekken(path: Path) -> Any:
    from transformers import AutoTokenizer

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "tekken.json").symlink_to(path.resolve())
        try:
            return AutoTokenizer.from_pretrained(folder)
        except (ImportError, OSError, ValueError) as error:
            raise InputError(
                "is Mistral's tekken.json, which cannot be read here: install mistral-common and "
                "transformers 5, or name a tokenizer.json"
            ) from error


def _name_eos(tokenizer: Any, special_tokens: Mapping[str, str]) -> str | None:
    """Give the tokenizer an EOS where its file names none; what was guessed, in words."""
    if tokenizer.eos_token is not None or "eos_token" in special_tokens:
        return None
    known = tokenizer.get_added_vocab()
    guess = next((token for token in EOS_TOKENS if token in known), None)
    if guess is None:
        raise InputError(
            "names no EOS token, nor has it one of the usual ones; put the model's "
            "tokenizer_config.json beside it, or set special_tokens: {eos_token: …} in a recipe"
        )
    tokenizer.eos_token = guess
    return f"it names no EOS token; {guess!r} is taken for it"

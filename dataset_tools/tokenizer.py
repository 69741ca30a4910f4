"""Tokenizers: a model's own, as the little that rendering needs (`dataset_tools.tokens`)."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dataset_tools.errors import InputError, MissingExtraError
from dataset_tools.home_folder import with_home

_PROBE = "a"
# texts on which tokenizers that override more of transformers than a backend can do would differ
_BATCH_PROBES = [
    "a b",
    " a\n\n b  ",
    "\tÉ 日本 🙂",
    "</s><|im_end|> [INST]",
    "I 'm 1,234 .",
    "\u00ad\ufb01",
]
# one of which every tokenizer has that transformers saves
_VOCABULARY_FILES = (
    "tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model", "tekken.json",
    "sentencepiece.bpe.model",
)  # fmt: skip
_THREADS = "TOKENIZERS_PARALLELISM"  # the environment variable that the tokenizers library reads


class ModelTokenizer(Struct, frozen=True):
    """A transformers tokenizer; `bos_id` is None where the tokenizer puts no BOS before a text.

    `unknown_id` is None where nothing is unknown to it; `batch_backend` where only transformers
    itself gives the right ids. `assumption` says what had to be guessed, if anything.
    """

    transformers_tokenizer: Any
    bos_id: int | None
    eos_id: int
    unknown_id: int | None = None
    batch_backend: Any | None = None  # a tokenizers.Tokenizer
    assumption: str | None = None

    def encode(self, text: str) -> list[int]:
        """The text's token ids, without special tokens around them."""
        if not text:
            return []
        ids: list[int] = self.transformers_tokenizer(text, add_special_tokens=False, verbose=False)[
            "input_ids"
        ]
        return ids

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text, as `encode` gives them, at the speed of the tokenizers library.

        It uses one thread: several processes call it at once, and threads do not survive a fork.
        """
        if self.batch_backend is None:
            return [self.encode(text) for text in texts]
        with _without_threads():
            encodings = self.batch_backend.encode_batch_fast(texts, add_special_tokens=False)
        return [
            encoding.ids if text else [] for text, encoding in zip(texts, encodings, strict=True)
        ]

    def encode_with_spans(self, text: str) -> tuple[list[int], list[tuple[int, int]] | None]:
        """What `encode` gives, and the characters of the text that each token stands for.

        A span is start and end, the end excluded. None where the tokenizer does not tell, as those
        without a fast version don't.
        """
        if not text or not getattr(self.transformers_tokenizer, "is_fast", False):
            return self.encode(text), None if text else []
        encoding = self.transformers_tokenizer(
            text, add_special_tokens=False, verbose=False, return_offsets_mapping=True
        )
        return encoding["input_ids"], encoding["offset_mapping"]

    def spell(self, ids: list[int]) -> list[str]:
        """The tokens as the vocabulary spells them."""
        tokens: list[str] = self.transformers_tokenizer.convert_ids_to_tokens(ids)
        return tokens


def wrap_tokenizer(transformers_tokenizer: Any) -> ModelTokenizer:
    """A tokenizer that transformers has loaded; raises InputError if it has no EOS token."""
    eos_id = transformers_tokenizer.eos_token_id
    if eos_id is None:
        raise InputError(
            "the tokenizer has no EOS token, without which the model would never learn to stop; "
            "set special_tokens: {eos_token: …} in the recipe or use another tokenizer"
        )
    bos_id = transformers_tokenizer.bos_token_id
    ids = transformers_tokenizer(_PROBE)["input_ids"]
    adds_bos = bos_id is not None and ids[:1] == [bos_id]
    unknown_id = transformers_tokenizer.unk_token_id
    tokenizer = ModelTokenizer(
        transformers_tokenizer,
        bos_id if adds_bos else None,
        eos_id,
        # GPT-2 and others name their EOS for it, having nothing unknown
        None if unknown_id in (bos_id, eos_id) else unknown_id,
    )
    return _with_batch_backend(tokenizer)


def load_tokenizer(
    name: str, special_tokens: Mapping[str, str] = MappingProxyType({})
) -> ModelTokenizer:
    """The tokenizer of a local folder, a file or a hub name, with `special_tokens` of a recipe.

    A file is a `tokenizer.json`, a `tokenizer.model` (SentencePiece) or Mistral's `tekken.json`.
    Raises MissingExtraError without transformers, InputError where no tokenizer loads.
    """
    path = with_home(name)
    if name.startswith(("/", ".", "~")) and not path.exists():
        raise InputError(f"{name}: no such file or folder; name a model's folder or a hub name")
    # transformers remarks on a missing torch, which reading a tokenizer does not need
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    try:
        from transformers import AddedToken, AutoTokenizer
    except ImportError as error:
        raise MissingExtraError("reading a tokenizer", "tokens") from error
    from dataset_tools.tokenizer_files import read_tokenizer_file

    assumption = None
    try:
        if path.is_file():
            tokenizer, assumption = read_tokenizer_file(path, special_tokens)
        else:
            tokenizer = AutoTokenizer.from_pretrained(str(path) if path.is_dir() else name)
        for role, token in special_tokens.items():
            tokenizer.add_special_tokens({role: AddedToken(token, normalized=False)})
        return replace(wrap_tokenizer(tokenizer), assumption=assumption)
    except MissingExtraError:
        raise
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        if path.is_dir() and not _holds_vocabulary(path):
            reason = f"the folder lacks its files, such as {' or '.join(_VOCABULARY_FILES[:2])}"
        raise InputError(f"{name}: no tokenizer can be loaded from it: {reason}") from error


def _holds_vocabulary(folder: Path) -> bool:
    return any((folder / name).exists() for name in _VOCABULARY_FILES)


def _with_batch_backend(tokenizer: ModelTokenizer) -> ModelTokenizer:
    """The tokenizer with its backend for batches, if it has one that gives the very same ids."""
    if not getattr(tokenizer.transformers_tokenizer, "is_fast", False):
        return tokenizer
    backend = tokenizer.transformers_tokenizer.backend_tokenizer
    if not hasattr(backend, "encode_batch_fast"):
        return tokenizer
    batching = replace(tokenizer, batch_backend=backend)
    expected = [tokenizer.encode(text) for text in _BATCH_PROBES]
    return batching if batching.encode_batch(_BATCH_PROBES) == expected else tokenizer


@contextmanager
def _without_threads() -> Iterator[None]:
    before = os.environ.get(_THREADS)
    os.environ[_THREADS] = "false"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_THREADS]
        else:
            os.environ[_THREADS] = before

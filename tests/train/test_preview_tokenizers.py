"""Previews with tokenizers of real libraries: golden files, and folders that are no good.

`python -m train.test_preview_tokenizers`, in tests, writes the golden files again.
"""

import json
import shutil
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

import pytest
from cli_runs import run
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from preview_pictures import shown
from small_tokenizer import FOLDER

from dataset_tools.cli import dataset_tools
from dataset_tools.preview import view_record
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.records import Record
from dataset_tools.tokenizer import ModelTokenizer, load_tokenizer
from dataset_tools.tokens import TrainingFormat, tokenize

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

DOCS = Path(__file__).parents[2] / "docs"
GOLDEN = FOLDER.parent
COMMANDS = {
    "real_tokens": ("--row", "3", "--chunk-size", "32"),
    "real_packs": ("--packs", "--rows", "3"),
}
MARKS = PromptFormat("\n##\n", "\n###\n")


def printed(*arguments: str) -> str:
    """What the command prints for the example of the documentation."""
    flags = ["--recipe", "example/recipe.yaml", *arguments]
    with chdir(DOCS):
        done = CliRunner(env={"COLUMNS": "80"}).invoke(
            dataset_tools, ["preview", *flags], catch_exceptions=False
        )
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_golden(name: str) -> None:
    """At 80 columns in a pipe, as it was looked at."""
    assert (GOLDEN / f"{name}.txt").read_text("utf-8") == printed(*COMMANDS[name])


@pytest.fixture(scope="module")
def tokenizer() -> ModelTokenizer:
    return load_tokenizer(str(FOLDER))


@settings(deadline=None, max_examples=200)
@given(
    st.one_of(st.none(), st.text(max_size=40)),
    st.text(max_size=40),
    st.integers(4, 60),
    st.sampled_from(["truncate_prompt", "drop"]),
)
def test_a_view_is_what_is_trained(
    tokenizer: ModelTokenizer, prompt: str | None, completion: str, size: int, on_too_long: str
) -> None:
    """Sequences of a view are those of training; a token's characters lie where its text does."""
    record = Record(prompt, completion)
    training_format = TrainingFormat(
        MARKS, size, on_too_long=on_too_long, prompt_loss_weight=0.1  # type: ignore[arg-type]
    )  # fmt: skip

    view = view_record("a", 1, record, training_format, tokenizer)

    assert view.tokenized is not None
    assert tokenize(record, training_format, tokenizer) == view.tokenized.sequences
    backend = tokenizer.transformers_tokenizer
    for run_of_tokens in view.tokenized.runs:
        assert run_of_tokens.spans is not None
        for token, (start, end) in zip(run_of_tokens.ids, run_of_tokens.spans, strict=True):
            text = backend.decode([token])
            assert text in ("<s>", "</s>") or "\ufffd" in text or text == view.text[start:end]
    shown(view)


def broken(folder: Path, change: Callable[[Path], object]) -> str:
    """A copy of the small tokenizer's folder with something wrong."""
    copy = folder / "model"
    shutil.copytree(FOLDER, copy)
    change(copy)
    return str(copy)


def without_eos(folder: Path) -> None:
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text())
    del config["eos_token"]
    path.write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda folder: (folder / "tokenizer.json").unlink(), "the folder lacks its files"),
        (lambda folder: (folder / "tokenizer.json").write_text("{"), "no tokenizer can be loaded"),
        (without_eos, "the tokenizer has no EOS token"),
        (shutil.rmtree, "no such file or folder"),
    ],
)
def test_a_folder_that_is_no_good(
    change: Callable[[Path], object], words: str, tmp_path: Path
) -> None:
    """One line, and exit code 2."""
    (tmp_path / "data.jsonl").write_text('{"text": "a"}\n')

    done = run(
        "preview", "data.jsonl", "--tokenizer", broken(tmp_path, change), cwd=tmp_path,
        HF_HUB_OFFLINE="1",
    )  # fmt: skip

    errors = done.stderr.decode().splitlines()
    assert (done.returncode, done.stdout, len(errors)) == (2, b"", 1)
    assert words in errors[0]


def test_a_tokenizer_that_does_not_tell_places(tmp_path: Path) -> None:
    """A slow-only tokenizer's tokens are shown apart from the text, and it is said why."""
    (tmp_path / "byt5").mkdir()
    (tmp_path / "byt5" / "tokenizer_config.json").write_text('{"tokenizer_class": "ByT5Tokenizer"}')
    (tmp_path / "data.jsonl").write_text('{"prompt": "ab c", "completion": "é"}\n', "utf-8")

    text = run("preview", "data.jsonl", "--tokenizer", "./byt5", cwd=tmp_path)
    (row,) = (
        json.loads(line)
        for line in run(
            "preview", "data.jsonl", "--tokenizer", "./byt5", "--format", "json", cwd=tmp_path
        ).stdout.splitlines()
    )

    lines = text.stdout.decode().split("\n")
    assert "note: ./byt5: a slow tokenizer" in text.stderr.decode()
    assert "tokens         a b · c ↵ Ã © </s>" in lines
    assert "               · · · · · █ █ █───" in lines
    assert (row["token_spans"], len(row["input_ids"])) == (None, 8)


if __name__ == "__main__":
    for _name, _arguments in COMMANDS.items():
        (GOLDEN / f"{_name}.txt").write_text(printed(*_arguments), "utf-8")

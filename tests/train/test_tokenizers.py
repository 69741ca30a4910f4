"""Real tokenizers: one trained here, and Mistral's from mistral-common."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cli_runs import run
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tiny_model import save_tiny_llama

from dataset_tools.errors import InputError
from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.records import Record
from dataset_tools.rules import RULES, FileContext
from dataset_tools.rules.rule import RuleInputs
from dataset_tools.sources import SourceFile
from dataset_tools.tokenizer import ModelTokenizer, load_tokenizer
from dataset_tools.tokens import TrainingFormat

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

SENTENCE = "The capital of France is Paris.\nÉtienne says: 日本 🙂"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_llama(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def mistral() -> Path:
    """The folder of Mistral's own tokenizers."""
    import mistral_common

    return Path(mistral_common.__file__).parent / "data"


@pytest.fixture
def lenient_protobuf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentencepiece 0.2.3 is made for a newer protobuf than Axolotl's other libraries allow."""
    monkeypatch.setenv("TEMPORARILY_DISABLE_PROTOBUF_VERSION_CHECK", "true")


@pytest.fixture(scope="module")
def tokenizer(tiny: Path) -> ModelTokenizer:
    return load_tokenizer(str(tiny))


@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=8))
@settings(max_examples=300)
def test_a_batch_gives_the_ids_of_each_text(tokenizer: ModelTokenizer, texts: list[str]) -> None:
    """The fast road for batches, which this tokenizer has, changes no id."""
    assert tokenizer.batch_backend is not None
    assert [tokenizer.encode(text) for text in texts] == tokenizer.encode_batch(texts)


def test_a_tokenizer_that_transformers_alters_has_no_fast_road(tiny: Path) -> None:
    """Where transformers does more than its backend, batches go through transformers too."""
    from transformers import PreTrainedTokenizerFast

    from dataset_tools.tokenizer import wrap_tokenizer

    class Shouting(PreTrainedTokenizerFast):
        def _encode_plus(self, text, *arguments, **how):
            louder = text.upper() if isinstance(text, str) else text
            return super()._encode_plus(louder, *arguments, **how)

    shouting = wrap_tokenizer(Shouting.from_pretrained(tiny))

    assert shouting.batch_backend is None
    assert [shouting.encode("abc")] == shouting.encode_batch(["abc"])


def test_a_file_alone_or_in_its_folder(tiny: Path, tmp_path: Path) -> None:
    """tokenizer.json reads as its folder does; alone, its EOS is guessed, and that is told."""
    alone = Path(shutil.copy(tiny / "tokenizer.json", tmp_path / "other.json"))

    folder, in_folder, guessed = (
        load_tokenizer(str(path)) for path in (tiny, tiny / "tokenizer.json", alone)
    )

    assert folder.encode(SENTENCE) == in_folder.encode(SENTENCE) == guessed.encode(SENTENCE)
    assert folder.assumption is in_folder.assumption is None
    assert guessed.assumption == "it names no EOS token; '</s>' is taken for it"
    for each in (in_folder, guessed):
        assert (folder.bos_id, folder.eos_id, folder.unknown_id) == (
            each.bos_id,
            each.eos_id,
            each.unknown_id,
        )


def test_roles_from_the_special_tokens_map(tiny: Path, tmp_path: Path) -> None:
    """Without tokenizer_config.json, special_tokens_map.json says which token is EOS."""
    shutil.copy(tiny / "tokenizer.json", tmp_path)
    (tmp_path / "special_tokens_map.json").write_text('{"eos_token": {"content": "<unk>"}}')

    tokenizer = load_tokenizer(str(tmp_path / "tokenizer.json"))

    assert (tokenizer.eos_id, tokenizer.assumption) == (0, None)


def without_special_tokens(tiny: Path) -> str:
    content = json.loads((tiny / "tokenizer.json").read_text())
    return json.dumps({**content, "added_tokens": [], "post_processor": None})


def test_preview_tells_what_was_guessed(tiny: Path, tmp_path: Path) -> None:
    """A guess about a tokenizer is a note on standard error."""
    alone = str(shutil.copy(tiny / "tokenizer.json", tmp_path / "other.json"))
    (tmp_path / "data.jsonl").write_text('{"text": "abc"}\n')

    done = run("preview", "data.jsonl", "--tokenizer", alone, cwd=tmp_path)

    assert b"other.json: it names no EOS token; '</s>' is taken for it" in done.stderr


def test_files_that_are_no_tokenizer(tiny: Path, tmp_path: Path) -> None:
    """What is wrong with a file, and what to do, is one line that names it."""
    for content, words in [
        ("garbage", "found neither JSON nor a SentencePiece model"),
        ('{"a": 1', "it is not JSON throughout"),
        ('{"a": 1}', "found JSON without 'model'"),
        (without_special_tokens(tiny), "names no EOS token, nor has it one of the usual ones"),
    ]:
        path = tmp_path / "tokenizer.json"
        path.write_text(content)
        with pytest.raises(InputError) as caught:
            load_tokenizer(str(path))
        assert str(caught.value).startswith(f"{path}: ")
        assert words in str(caught.value)
        assert "\n" not in str(caught.value)


def test_an_eos_from_the_recipe(tiny: Path, tmp_path: Path) -> None:
    """A recipe's special_tokens make up for what a file does not say."""
    path = tmp_path / "tokenizer.json"
    path.write_text(without_special_tokens(tiny))

    tokenizer = load_tokenizer(str(path), {"eos_token": "<end>"})

    assert tokenizer.spell([tokenizer.eos_id]) == ["<end>"]


@pytest.mark.usefixtures("lenient_protobuf")
def test_mistral_sentencepiece_model(mistral: Path) -> None:
    """A tokenizer.model gives the ids that the sentencepiece library itself gives."""
    import sentencepiece

    path = mistral / "tokenizer.model.v1"
    model = sentencepiece.SentencePieceProcessor(model_file=str(path))

    tokenizer = load_tokenizer(str(path))

    assert model.encode(SENTENCE) == tokenizer.encode(SENTENCE)
    assert [model.encode(SENTENCE), []] == tokenizer.encode_batch([SENTENCE, ""])
    assert (model.bos_id(), model.eos_id(), model.unk_id()) == (
        tokenizer.bos_id,
        tokenizer.eos_id,
        tokenizer.unknown_id,
    )
    assert "read as Llama's and Mistral's" in (tokenizer.assumption or "")


def test_mistral_tekken(mistral: Path) -> None:
    """tekken.json gives mistral-common's own ids."""
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    path = mistral / "tekken_240718.json"

    tokenizer = load_tokenizer(str(path))

    own = Tekkenizer.from_file(path)
    assert own.encode(SENTENCE, bos=False, eos=False) == tokenizer.encode(SENTENCE)
    assert own.eos_id == tokenizer.eos_id


@pytest.mark.usefixtures("lenient_protobuf")
@pytest.mark.parametrize("completion", ["Paris", " Paris", "\nParis"])
def test_a_tokenizer_that_prefixes_spaces_merges_nothing(mistral: Path, completion: str) -> None:
    """SentencePiece's own space before each text is no merge, whatever ends the prompt."""
    tokenizer = load_tokenizer(str(mistral / "tokenizer.model.v1"))
    context = FileContext("prompt-completion", inputs=RuleInputs(tokenizer=tokenizer))

    record = Record("The capital of France is", completion)

    assert list(RULES["DT503"](context).check_record(record)) == []


def test_merges_of_a_byte_level_tokenizer(mistral: Path) -> None:
    """A space at the prompt's end and the word behind it are one token, so DT503 says so."""
    inputs = RuleInputs(tokenizer=load_tokenizer(str(mistral / "tekken_240718.json")))
    joined, apart = (
        RULES["DT503"](
            FileContext(
                "prompt-completion",
                inputs=replace(inputs, training_format=TrainingFormat(PromptFormat(separator))),
            )
        )
        for separator in ("", "\n")
    )
    merging = Record("The capital of France is ", "Paris")
    clean = [
        Record("The capital of France is", " Paris"),
        Record("Q: 12\n\n###\n\n", "34 END"),
        Record("if a:\n", "    return b"),
        Record('{"a":', ' "b"}'),
    ]

    (found,) = joined.check_record(merging)

    assert "meet in the token 'ĠParis'; apart, the prompt side ends with 'Ġ'" in found.message
    assert list(apart.check_record(merging)) == []
    assert [each for record in clean for each in joined.check_record(record)] == []
    assert [each for record in clean for each in apart.check_record(record)] == []


def test_processes_count_as_one_does(tokenizer: ModelTokenizer, tmp_path: Path) -> None:
    """Two processes find what one finds, after threads of the library were in use here."""
    path = tmp_path / "data.jsonl"
    rows = ({"prompt": SENTENCE * (i % 5), "completion": f" {i}"} for i in range(3000))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    lint_settings = LintSettings(
        tokenizer=tokenizer,
        training_format=TrainingFormat(chunk_size=100),
        rules=tuple(rule for code, rule in RULES.items() if code.startswith("DT5")),
    )
    reports = [LintReport() for _ in range(2)]

    for jobs, report in enumerate(reports, 1):
        check_source(SourceFile("d", path), lint_settings, report, jobs=jobs, piece_bytes=50_000)

    assert reports[0] == reports[1]
    assert 0 < reports[0].counts["DT501"] < 3000


def test_nothing_is_printed_about_forks(tiny: Path, tmp_path: Path) -> None:
    """Loading, counting and forking leave standard error empty, and the environment as it was."""
    (tmp_path / "data.jsonl").write_text('{"text": "abc"}\n' * 2000)
    code = f"""
import os
from pathlib import Path
from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.sources import SourceFile
from dataset_tools.tokenizer import load_tokenizer
tokenizer = load_tokenizer({str(tiny)!r})
settings = LintSettings(tokenizer=tokenizer)
for jobs in (1, 2, 2):
    source = SourceFile("d", Path({str(tmp_path / "data.jsonl")!r}))
    check_source(source, settings, LintReport(), jobs=jobs, piece_bytes=5000)
print(os.environ.get("TOKENIZERS_PARALLELISM"))
"""
    environment = {k: v for k, v in os.environ.items() if k != "TOKENIZERS_PARALLELISM"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=environment
    )

    assert (done.stdout, done.stderr) == ("None\n", "")

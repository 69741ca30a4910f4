"""A base model that is not there, or not whole, is one line, whatever the reason."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from loopback_server import Answer, LoopbackServer
from train.conftest import Lab, Loaded

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

ROWS = [{"prompt": f"Say {n} words", "completion": f" {'word ' * n}."} for n in range(1, 13)]
CONFIG = {"model_type": "llama", "hidden_size": 64}
COMMIT = {"X-Repo-Commit": "0" * 40, "ETag": '"1"'}
FAILURES = [
    (Answer(status=404, headers={"X-Error-Code": "RepoNotFound"}), "no such model on the hub"),
    (Answer(status=403, headers={"X-Error-Code": "GatedRepo"}), "'owner/model' is gated"),
    (Answer(status=404, headers={"X-Error-Code": "EntryNotFound"}), "holds no config.json"),
    (Answer(status=404, headers={"X-Error-Code": "RevisionNotFound"}), "has no revision 'v9'"),
]


@pytest.fixture
def hub(
    server: LoopbackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Answer], None]:
    """Makes a server of this machine the hub, with an answer to the one file that is asked for."""
    from huggingface_hub import constants

    template = server.url("/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))

    def serve(answer: Answer) -> None:
        server.serve("/owner/model/resolve/v9/config.json", answer)

    return serve


@pytest.mark.parametrize(("answer", "said"), FAILURES, ids=[said for _, said in FAILURES])
def test_what_the_hub_refuses_is_named(
    answer: Answer, said: str, hub: Callable[[Answer], None]
) -> None:
    """A misspelt, gated or empty model and an unknown revision each have their own line."""
    from axolotl_replicate.inputs.base_model import read_model_config
    from dataset_tools.errors import InputError

    hub(answer)

    with pytest.raises(InputError) as refused:
        read_model_config({"base_model": "owner/model", "revision_of_model": "v9"})

    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_config_is_fetched_once_and_then_read_offline(
    hub: Callable[[Answer], None], server: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the hub has given is in its cache, and offline that is enough."""
    from huggingface_hub import constants

    from axolotl_replicate.inputs.base_model import read_model_config

    hub(Answer(json.dumps(CONFIG).encode(), headers=COMMIT))
    recipe = {"base_model": "owner/model", "revision_of_model": "v9"}

    online = read_model_config(recipe)
    requests = len(server.statuses("/owner/model/resolve/v9/config.json"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    offline = read_model_config(recipe)

    assert online == offline == CONFIG
    assert requests == len(server.statuses("/owner/model/resolve/v9/config.json"))


@pytest.mark.parametrize("offline", [True, False], ids=["offline", "no network"])
def test_a_hub_that_cannot_be_asked_is_named(
    offline: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Without network or in offline mode the line says so, and the hub's own warnings are not."""
    from huggingface_hub import constants

    from axolotl_replicate.inputs.base_model import read_model_config
    from dataset_tools.errors import InputError

    closed = "http://127.0.0.1:9/{repo_id}/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", closed)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))

    with pytest.raises(InputError, match=r"no folder 'owner/model' here, and the hub cannot be"):
        read_model_config({"base_model": "owner/model"})

    assert "Retrying" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("removed", "keys", "said"),
    [
        ("*", {}, "holds no config.json"),
        ("*.safetensors", {}, "holds no weights"),
        ("tokenizer*", {}, "holds no tokenizer"),
        ("", {"base_model": "./nowhere"}, "no such folder './nowhere'"),
        ("", {"base_model": "a/b/c"}, "no such folder 'a/b/c'"),
        ("", {"base_model": "bad name"}, "no name for a hub"),
        ("", {"base_model": "data.jsonl"}, "is a file"),
        ("", {"base_model": None}, "base_model: missing"),
        ("", {"base_model": ["a"]}, "base_model: found ['a']"),
        ("", {"tokenizer_config": "./nowhere"}, "tokenizer_config: no such folder"),
    ],
)
def test_a_folder_that_is_no_model_ends_the_run(
    removed: str,
    keys: dict[str, Any],
    said: str,
    lab: Lab,
    write_rows: Callable[..., Path],
    load_recipe: Callable[..., Loaded],
) -> None:
    """A missing or incomplete folder ends the run with one line before any data is fetched."""
    folder = lab.folder / "model"
    shutil.copytree(lab.model, folder)
    for path in folder.glob(removed) if removed else []:
        path.unlink()
    train_data = str(write_rows(ROWS))

    loaded = load_recipe(**{"train_data": train_data, "base_model": "model", **keys})

    assert loaded.exit_code == 2
    assert loaded.own_lines == loaded.errors
    assert len(loaded.errors) == 1
    assert said in loaded.errors[0]
    assert not (lab.folder / "cache").exists()


def test_an_adapter_is_no_base_model(
    lab: Lab, write_rows: Callable[..., Path], load_recipe: Callable[..., Loaded]
) -> None:
    """A folder that training wrote is recognised, and the message says where it belongs."""
    (lab.folder / "out").mkdir()
    (lab.folder / "out" / "adapter_config.json").write_text("{}")

    loaded = load_recipe(train_data=str(write_rows(ROWS)), base_model="out")

    assert loaded.exit_code == 2
    assert "holds an adapter, expected a model" in loaded.errors[0]


def test_a_broken_config_is_named(
    lab: Lab, write_rows: Callable[..., Path], load_recipe: Callable[..., Loaded]
) -> None:
    """A config.json that is cut off is one line."""
    folder = lab.folder / "model"
    shutil.copytree(lab.model, folder)
    (folder / "config.json").write_text("{")

    loaded = load_recipe(train_data=str(write_rows(ROWS)), base_model="model")

    assert loaded.exit_code == 2
    assert "config.json of 'model' cannot be read" in loaded.errors[0]


def test_a_tokenizer_without_eos_ends_the_run(lab: Lab, write_rows: Callable[..., Path]) -> None:
    """Without a token that ends a record nothing could be learnt of ending; the line says so."""
    recipe = _recipe_with_tokenizer(lab, write_rows, without="eos_token")

    finished = lab.axolotl("preprocess", str(recipe))

    assert finished.exit_code == 2
    errors = [line for line in finished.own_lines if "error:" in line]
    assert len(errors) == 1
    assert "the tokenizer has no EOS token" in errors[0]
    assert "Traceback" not in finished.output


def test_a_tokenizer_without_padding_token_trains(
    lab: Lab, write_rows: Callable[..., Path]
) -> None:
    """EOS pads then, which is said, and the EOS that ends a record is trained all the same."""
    recipe = _recipe_with_tokenizer(lab, write_rows, without="pad_token")

    finished = lab.train(recipe)

    assert finished.exit_code == 0, finished.output
    assert [line for line in finished.own_lines if "'</s>' ends records and pads batches" in line]
    assert "'loss'" in finished.output


def _recipe_with_tokenizer(lab: Lab, write_rows: Callable[..., Path], without: str) -> Path:
    folder = lab.folder / "model"
    shutil.copytree(lab.model, folder)
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text())
    del settings[without]
    path.write_text(json.dumps(settings))
    return lab.write_recipe(
        train_data=str(write_rows(ROWS)),
        base_model="model",
        run_validation=False,
        chunk_size=64,
    )

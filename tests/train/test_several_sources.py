"""Recipes whose data lies in several places."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from loopback_server import Answer, LoopbackServer
from train.conftest import Lab, Loaded

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

ROWS = [{"prompt": f"Say {n}", "completion": f" {n}"} for n in range(1, 13)]


def as_lines(rows: list[dict[str, str]]) -> bytes:
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def test_records_of_all_locations_are_trained_in_their_order(
    server: LoopbackServer, lab: Lab, load_recipe: Callable[..., Loaded]
) -> None:
    """A list of a URL and a glob is one set; what Axolotl logs of it holds no query string."""
    server.serve("/first.jsonl?token=secret", Answer(as_lines(ROWS[:4])))
    (lab.folder / "b.jsonl").write_bytes(as_lines(ROWS[8:]))
    (lab.folder / "a.jsonl").write_bytes(as_lines(ROWS[4:8]))
    (lab.folder / "held-out.json").write_bytes(as_lines(ROWS[:1]))

    loaded = load_recipe(
        train_data=[server.url("/first.jsonl?token=secret"), "*.jsonl"],
        validation_data=["held-out.json"],
    )

    assert loaded.exit_code is None, loaded.lines
    stored = Path(loaded.cfg["datasets"][0]["path"]).read_bytes().splitlines()
    assert [json.loads(line)["prompt"] for line in stored] == [row["prompt"] for row in ROWS]
    assert loaded.cfg["train_data"] == [server.url("/first.jsonl"), "*.jsonl"]
    assert loaded.cfg["validation_data"] == ["held-out.json"]


def test_one_digest_for_several_files_ends_the_run(
    lab: Lab, load_recipe: Callable[..., Loaded]
) -> None:
    """`train_data_sha256` beside a list is a contradiction, said in one line."""
    for name in ("a.jsonl", "b.jsonl"):
        (lab.folder / name).write_bytes(as_lines(ROWS))

    loaded = load_recipe(train_data=["a.jsonl", "b.jsonl"], train_data_sha256="0" * 64)

    assert loaded.exit_code == 2
    assert len(loaded.errors) == 1
    assert "one SHA-256 is given for 2 files" in loaded.errors[0]


def test_a_store_without_settings_ends_with_one_line(
    load_recipe: Callable[..., Loaded], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cloud location that cannot be had is named, with what to set."""
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING", raising=False)

    loaded = load_recipe(train_data="az://container/train.jsonl")

    assert loaded.exit_code == 2
    assert loaded.own_lines == loaded.errors
    assert "az://container/train.jsonl: no storage account is named" in loaded.errors[0]

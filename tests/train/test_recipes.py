"""Every recipe trains two steps on a tiny model, through Axolotl's own command."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from loopback_server import Answer, LoopbackServer
from train.conftest import REPOSITORY, Lab

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

RECIPES = sorted((REPOSITORY / "recipes").glob("*.yaml"))
SAMSUM_ROWS = [
    {"text": f"[INST] <<SYS>>\nSummarize.\n<</SYS>>\n\nAnna: {n} cakes? [/INST]\n\nSummary: {n}."}
    for n in range(60)
]
DOCSTRING_ROWS = [
    {"prompt": f"def join{n}(path, *paths):", "completion": f"Join {n} path segments."}
    for n in range(60)
]
ROWS = {"llama2-samsum": SAMSUM_ROWS, "smollm2-python-docstrings": DOCSTRING_ROWS}


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_trains_and_saves_an_adapter(
    recipe: Path, lab: Lab, server: LoopbackServer, write_rows: Callable[..., Path]
) -> None:
    """`axolotl train RECIPE` fetches, lints, trains two steps, validates and saves an adapter."""
    rows = ROWS[recipe.stem]
    body = "".join(json.dumps(row) + "\n" for row in rows).encode()
    url = server.serve("/train.jsonl", Answer(body, headers={"ETag": '"1"'}))
    path = lab.write_recipe(
        recipe,
        train_data=url,
        validation_data=None,
        num_validation_samples=8,
        chunk_size=256,
        warmup_steps=0,
        eval_strategy="steps",
        eval_steps=2,
    )

    finished = lab.axolotl_from_shell("train", str(path))

    assert finished.exit_code == 0, finished.output
    assert (lab.folder / "out" / "adapter_model.safetensors").is_file()
    assert (
        "axolotl-replicate: training on 52 records, validating on 8 held out from the end of "
        "train_data" in finished.own_lines
    )
    assert [line for line in finished.own_lines if "note:" in line] == []
    assert "eval_loss" in finished.output
    assert server.statuses("/train.jsonl") == [200]

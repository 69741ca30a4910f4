"""What Axolotl copies of a recipe into the adapter's README holds no secrets."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from loopback_server import Answer, LoopbackServer
from train.conftest import Loaded

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

ROWS = [{"prompt": f"Say {n} words", "completion": f" {'word ' * n}."} for n in range(1, 13)]
BODY = "".join(json.dumps(row) + "\n" for row in ROWS).encode()


def locations(server: LoopbackServer) -> list[str]:
    paths = ["/a.jsonl?token=QUERY", "/b.jsonl?token=QUERY%20long"]
    for path in paths:
        server.serve(path, Answer(BODY))
    return [server.url(path, credentials="user:PASSWORD@") for path in paths]


@pytest.mark.parametrize("folded", [False, True], ids=["plain", "spelt with escapes"])
def test_the_recipe_that_is_copied_holds_no_credentials_and_no_query(
    folded: bool, server: LoopbackServer, load_recipe_file: Callable[[Path], Loaded], lab: Any
) -> None:
    """Its locations are shown without them; all else, comments included, stays as it was."""
    given = {"train_data": locations(server), "run_validation": False}
    recipe = lab.write_recipe(**given)
    text = "# mine\n" + recipe.read_text()
    recipe.write_text(text)
    if folded:
        escaped = [json.dumps(each).replace("P", "\\u0050") for each in given["train_data"]]
        keys = yaml.safe_load(text)
        del keys["train_data"]
        recipe.write_text(yaml.safe_dump(keys) + f"train_data: [{', '.join(escaped)}]\n")

    loaded = load_recipe_file(recipe)

    assert loaded.exit_code is None, loaded.errors
    shown = Path(loaded.cfg.axolotl_config_path).read_text()
    assert "PASSWORD" not in shown
    assert "QUERY" not in shown
    expected = yaml.safe_load(recipe.read_text())
    expected["train_data"] = [server.url(path) for path in ("/a.jsonl", "/b.jsonl")]
    assert yaml.safe_load(shown) == expected
    assert shown.startswith("# mine") is not folded
    assert "ASSWORD" in recipe.read_text()  # the file itself is left alone


def test_a_recipe_without_secrets_is_copied_as_it_is(
    load_recipe_file: Callable[[Path], Loaded], write_rows: Callable[..., Path], lab: Any
) -> None:
    """No copy is made where there is nothing to hide."""
    recipe = lab.write_recipe(train_data=str(write_rows(ROWS)), run_validation=False)

    loaded = load_recipe_file(recipe)

    assert str(loaded.cfg.axolotl_config_path) == str(recipe)

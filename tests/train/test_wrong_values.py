"""A wrong value of any key ends the run with one line and exit code 2; null is no value."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from test_recipe_keys import WRONG_VALUES
from train.conftest import Lab, Loaded

from dataset_tools.recipe import LOSS_PLUGIN
from dataset_tools.recipe_keys import RECIPE_KEYS

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

PLUGINS = ["axolotl_replicate.ReplicateInputsPlugin", LOSS_PLUGIN]
ROWS = [{"prompt": f"Say {n} words", "completion": f" {'word ' * n}."} for n in range(1, 13)]
BESIDE = {"pretraining_learning_rate": {"learning_rate_multiplier": 0.1}}
BOTH_NAMES = [
    (key.name, key.axolotl_name)
    for key in RECIPE_KEYS.values()
    if key.axolotl_name not in (None, key.name)
]


@pytest.mark.parametrize(
    ("name", "value"), WRONG_VALUES, ids=[f"{name}-{value!r:.20}" for name, value in WRONG_VALUES]
)
def test_a_wrong_type_or_range_ends_the_run(
    name: str,
    value: object,
    write_rows: Callable[..., Path],
    load_recipe: Callable[..., Loaded],
) -> None:
    """One line names the recipe, the key, what was found and what was expected."""
    keys = {"train_data": str(write_rows(ROWS)), "plugins": PLUGINS, **BESIDE.get(name, {})}

    loaded = load_recipe(**{**keys, name: value})

    assert loaded.exit_code == 2
    assert loaded.own_lines == loaded.errors
    assert len(loaded.errors) == 1
    assert f"recipe.yaml: {name}: found {value!r:.60}" in loaded.errors[0]
    assert f"expected {RECIPE_KEYS[name].expected}" in loaded.errors[0]


@pytest.mark.parametrize(("ours", "theirs"), BOTH_NAMES)
def test_both_names_of_a_key_end_the_run(
    ours: str, theirs: str, write_rows: Callable[..., Path], load_recipe: Callable[..., Loaded]
) -> None:
    """A key under Replicate's and Axolotl's name ends the run with one line naming both."""
    keys = {ours: RECIPE_KEYS[ours].default, theirs: RECIPE_KEYS[ours].default}

    loaded = load_recipe(train_data=str(write_rows(ROWS)), **keys)

    assert loaded.exit_code == 2
    assert len(loaded.errors) == 1
    assert f"{ours} and {theirs}: both given" in loaded.errors[0]


def test_null_is_no_value(
    lab: Lab, write_rows: Callable[..., Path], load_recipe_file: Callable[[Path], Loaded]
) -> None:
    """A recipe with null for every key is the recipe without them."""
    given = {"train_data": str(write_rows(ROWS)), "num_validation_samples": 2}
    bare = load_recipe_file(lab.write_recipe(**given))
    recipe = lab.write_recipe()
    nulls = dict.fromkeys(RECIPE_KEYS, None)
    recipe.write_text(yaml.safe_dump({**yaml.safe_load(recipe.read_text()), **nulls, **given}))

    with_nulls = load_recipe_file(recipe)

    assert bare.cfg is not None
    assert bare.cfg == with_nulls.cfg
    assert bare.own_lines == with_nulls.own_lines

"""Recipe keys: types, ranges, names, and messages that name the key."""

from pathlib import Path

import pytest
import yaml

from dataset_tools.errors import InputError
from dataset_tools.recipe import LOSS_PLUGIN, load_data_settings
from dataset_tools.recipe_keys import (
    RECIPE_KEYS,
    UNSUPPORTED_KEYS,
    check_names,
    read_keys,
    resolve_aliases,
)

WRONG_TYPES = {
    bool: ["true", 1, 0.0, []],
    int: ["4", 4.0, True, [4]],
    float: ["much", True, [1.0], {}, float("nan"), float("inf"), "nan", "inf", 10**400],
    str: [1, False, ["a"], {"a": 1}],
}
WRONG_LISTS = {str: [1, False, [], ["a", 1], [["a"]], [None], {"a": 1}]}
OUT_OF_RANGE = {
    "num_validation_samples": [0, -1],
    "validation_batch_size": [0],
    "num_train_epochs": [0, -1],
    "train_batch_size": [0],
    "micro_batch_size": [0],
    "learning_rate": [0, -1e-4],
    "learning_rate_multiplier": [0, -1],
    "pretraining_learning_rate": [0, -1],
    "chunk_size": [3, 0],
    "peft_method": ["qlorra", "", "LoRA"],
    "seed": [-1],
    "lora_rank": [0],
    "lora_alpha": [0],
    "lora_dropout": [-0.1, 1.1],
    "on_too_long": ["cut"],
    "prompt_loss_weight": [-0.1, 1.01],
    "prompt_loss_normalization": ["rows", ""],
    "prompt_loss_fusion": ["always", "None"],
}
UNLIMITED = {
    "train_data", "train_data_sha256", "validation_data", "validation_prompt", "run_validation",
    "pack_sequences", "wrap_packed_sequences", "separator", "stop_sequence",
}  # fmt: skip
WRONG_VALUES = [
    *(
        (name, value)
        for name, key in RECIPE_KEYS.items()
        for value in (WRONG_LISTS if key.may_be_list else WRONG_TYPES)[key.kind]
    ),
    *((name, value) for name, values in OUT_OF_RANGE.items() for value in values),
]


def test_every_key_has_a_range_case() -> None:
    """A key with limits cannot be added without a value beyond them here."""
    assert set(RECIPE_KEYS) == OUT_OF_RANGE.keys() | UNLIMITED


@pytest.mark.parametrize(
    ("name", "value"), WRONG_VALUES, ids=[f"{name}-{value!r:.20}" for name, value in WRONG_VALUES]
)
def test_a_wrong_value_is_refused_by_name(name: str, value: object) -> None:
    """The message names the key, what was found and what was expected."""
    with pytest.raises(InputError) as refused:
        read_keys({name: value})

    assert str(refused.value).startswith(f"{name}: found ")
    assert RECIPE_KEYS[name].expected in str(refused.value)


@pytest.mark.parametrize("name", ["train_data", "validation_data"])
def test_data_may_be_one_location_or_several(name: str) -> None:
    """A list is read in its order; a single text stays one."""
    assert read_keys({name: ["b", "a"]})[name] == ["b", "a"]
    assert read_keys({name: "a"})[name] == "a"


@pytest.mark.parametrize("name", RECIPE_KEYS)
def test_defaults_stand_where_the_recipe_is_silent(name: str) -> None:
    """A key left out and a key of null have the default, which is itself allowed."""
    key = RECIPE_KEYS[name]

    assert key.default == read_keys({})[name] == read_keys({name: None})[name]
    if key.default is not None:
        assert key.default == key.read(key.default)


def test_a_key_that_may_be_a_list_reads_both() -> None:
    """One text stays one text, several stay a list."""
    for value in ("a", ["a", "b"]):
        assert value == read_keys({"validation_prompt": value})["validation_prompt"]


@pytest.mark.parametrize(
    ("spelling", "value"), [("1e-4", 1e-4), ("1.0e-4", 1e-4), ("1", 1.0), ("'2e-5'", 2e-5)]
)
def test_learning_rate_as_yaml_reads_it(spelling: str, value: float) -> None:
    """YAML takes 1e-4 for a text; the key takes it for the number it is."""
    recipe = yaml.safe_load(f"learning_rate: {spelling}")

    assert value == read_keys(recipe)["learning_rate"]


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [
        ("seperator", "separator"),
        ("stop_sequnce", "stop_sequence"),
        ("train_dta", "train_data"),
        ("peft_methd", "peft_method"),
        ("prompt_loss_weigth", "prompt_loss_weight"),
        ("num_train_epoch", "num_train_epochs"),
    ],
)
def test_a_misspelt_key_is_refused_with_the_right_one(misspelt: str, meant: str) -> None:
    """A near miss would be dropped without a word by Axolotl."""
    with pytest.raises(InputError, match=f"^{misspelt}: unknown key; did you mean '{meant}'"):
        check_names({misspelt: 1})


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (key.name, key.axolotl_name)
        for key in RECIPE_KEYS.values()
        if key.axolotl_name not in (None, key.name)
    ],
)
def test_both_names_of_a_key_are_refused(ours: str, theirs: str) -> None:
    """One of two values would have to lose; the message names both keys."""
    with pytest.raises(InputError, match=f"^{ours} and {theirs}: both given"):
        check_names({ours: 1, theirs: 1})

    check_names({theirs: 1})
    check_names({ours: 1, theirs: None})


def test_keys_of_axolotl_pass() -> None:
    """A key that Axolotl knows is none of ours, however close its name is."""
    check_names({"base_model": "x", "sequence_len": 4, "lora_r": 8, "adapter": "lora"})
    check_names({"train_dat": 1}, axolotl_keys={"train_dat"})


@pytest.mark.parametrize("name", sorted(UNSUPPORTED_KEYS))
def test_keys_of_later_versions_are_refused(name: str) -> None:
    """A documented key that does nothing yet is refused rather than ignored."""
    with pytest.raises(InputError, match=f"^{name}: not supported"):
        check_names({name: 1})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("train_data: [", ":1:"),
        ("- a\n", "expected keys and values"),
        ("", "expected keys and values"),
        ("seperator: a\n", "did you mean 'separator'"),
        ("prompt_loss_weight: 0\ntrain_on_inputs: true\n", "contradict"),
        ("prompt_loss_weight: 0.3\n", f"add '- {LOSS_PLUGIN}'"),
        ("prompt_loss_normalization: tokens\n", f"add '- {LOSS_PLUGIN}'"),
        (f"plugins: [{LOSS_PLUGIN}]\ntrain_on_inputs: true\n", "0.1 and true contradict"),
        (f"plugins: [{LOSS_PLUGIN}]\nprompt_loss_weight: .nan\n", "found nan"),
        ("chunk_size: 2\n", "chunk_size: found 2"),
        ("num_epochs: 1\nnum_train_epochs: 1\n", "num_train_epochs and num_epochs"),
    ],
)
def test_a_recipe_that_cannot_be_used_is_one_line(content: str, words: str, tmp_path: Path) -> None:
    """Whatever is wrong with a recipe file, one line names the file and the trouble."""
    path = tmp_path / "recipe.yaml"
    path.write_text(content)

    with pytest.raises(InputError) as refused:
        load_data_settings(path)

    assert str(refused.value).startswith(str(path))
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


WITH_LOSS_PLUGIN = f"plugins: [{LOSS_PLUGIN}]\n"


@pytest.mark.parametrize(
    ("content", "weight"),
    [
        ("", 0),
        ("train_on_inputs: true\n", 1),
        ("prompt_loss_weight: 1\n", 1),
        ("prompt_loss_weight: 0\ntrain_on_inputs: false\n", 0),
        (WITH_LOSS_PLUGIN, 0.1),
        (f"{WITH_LOSS_PLUGIN}train_on_inputs: false\n", 0.1),
        (f"{WITH_LOSS_PLUGIN}prompt_loss_weight: 0\n", 0),
        (f"{WITH_LOSS_PLUGIN}prompt_loss_weight: 3e-1\n", 0.3),
        (f"{WITH_LOSS_PLUGIN}prompt_loss_weight: 1\ntrain_on_inputs: true\n", 1),
        ("plugins: [axolotl_replicate.prompt_loss.plugin.PromptLossWeightPlugin]\n", 0.1),
        ("plugins: [another.PromptLossWeightPlugin]\n", 0),
        ("plugins: 5\n", 0),
    ],
)
def test_the_weight_of_prompts(content: str, weight: float, tmp_path: Path) -> None:
    """With the loss plugin the key or 0.1; without it what Axolotl's `train_on_inputs` says."""
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(content or "train_data: x\n")

    assert weight == load_data_settings(recipe).training_format.prompt_loss_weight


def test_openais_names_are_read_as_ours() -> None:
    """`n_epochs` and `batch_size` become our keys, and it is said."""
    recipe = {"n_epochs": 2, "batch_size": 8}

    notes = resolve_aliases(recipe)

    assert recipe == {"num_train_epochs": 2, "train_batch_size": 8}
    assert notes == [
        "n_epochs is read as num_train_epochs",
        "batch_size is read as train_batch_size",
    ]


def test_an_alias_beside_our_key_is_refused() -> None:
    """A key given in OpenAI's and in our name is an error naming both."""
    with pytest.raises(InputError, match="n_epochs and num_train_epochs"):
        resolve_aliases({"n_epochs": 2, "num_train_epochs": 3})


@pytest.mark.parametrize("line", ["base_model: 5", "special_tokens: [a]", "special_tokens: a"])
def test_what_names_the_tokenizer_is_checked(line: str, tmp_path: Path) -> None:
    """A model or special tokens of a wrong type are an error naming file and key."""
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f"{line}\n")

    with pytest.raises(InputError, match=rf"recipe\.yaml: {line.partition(':')[0]}: found"):
        load_data_settings(recipe)

"""Every key of the table has its effect: each case would fail if its key were ignored.

The recipes go through Axolotl's own `load_cfg`; what is looked at is the configuration it has
validated, the records stored for training, and the tokens made of them.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from train.conftest import Lab, Loaded

from dataset_tools.recipe import LOSS_PLUGIN
from dataset_tools.recipe_keys import RECIPE_KEYS

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

ROWS = [{"prompt": f"Say {n} words", "completion": f" {'word ' * n}."} for n in range(1, 21)]
OTHER_ROWS = [{"prompt": f"Name {n} cities", "completion": " Rome." * n} for n in range(1, 11)]
PLUGINS = ["axolotl_replicate.ReplicateInputsPlugin", LOSS_PLUGIN]
DEFAULTS = {"chunk_size": None, "num_validation_samples": 4}  # the fixture's chunk size is not ours


@dataclass(frozen=True)
class Effect:
    """A value of a key, and the keys of Axolotl's configuration that it changes."""

    value: Any
    becomes: dict[str, Any]
    beside: dict[str, Any] = field(default_factory=dict)


EFFECTS = {
    "run_validation": Effect(False, {"eval_strategy": None, "test_datasets": None}),
    "validation_batch_size": Effect(3, {"eval_batch_size": 3}),
    "num_train_epochs": Effect(7, {"num_epochs": 7}),
    "train_batch_size": Effect(12, {"gradient_accumulation_steps": 3}),
    "micro_batch_size": Effect(2, {"micro_batch_size": 2, "gradient_accumulation_steps": 2}),
    "learning_rate": Effect(2e-4, {"learning_rate": 2e-4}),
    "learning_rate_multiplier": Effect(
        0.5, {"learning_rate": 1e-3}, {"pretraining_learning_rate": 2e-3}
    ),
    "pretraining_learning_rate": Effect(
        4e-3, {"learning_rate": 2e-3}, {"learning_rate_multiplier": 0.5, "base_model": "llama-2-7b"}
    ),
    "chunk_size": Effect(96, {"sequence_len": 96}),
    "pack_sequences": Effect(True, {"sample_packing": True}),
    "peft_method": Effect("qlora", {"adapter": "qlora", "load_in_4bit": True}),
    "seed": Effect(7, {"seed": 7}),
    "lora_rank": Effect(3, {"lora_r": 3}),
    "lora_alpha": Effect(5, {"lora_alpha": 5}),
    "lora_dropout": Effect(0.25, {"lora_dropout": 0.25}),
    "prompt_loss_weight": Effect(0.3, {"prompt_loss_weight": 0.3}, {"plugins": PLUGINS}),
    "prompt_loss_normalization": Effect(
        "tokens", {"prompt_loss_normalization": "tokens"}, {"plugins": PLUGINS}
    ),
    "prompt_loss_fusion": Effect("none", {"prompt_loss_fusion": "none"}, {"plugins": PLUGINS}),
}
OTHER_EFFECTS = {
    "train_data", "train_data_sha256", "validation_data", "num_validation_samples", "separator",
    "stop_sequence", "on_too_long", "wrap_packed_sequences", "validation_prompt",
}  # fmt: skip


def stored(cfg: Any, name: str) -> list[dict[str, Any]]:
    """The records stored for `datasets` or `test_datasets`, as the data file had them."""
    lines = Path(cfg[name][0]["path"]).read_text().splitlines()
    return [{key: json.loads(line)[key] for key in ("prompt", "completion")} for line in lines]


def rows_of(cfg: Any) -> Any:
    """The training data's rows, as Axolotl's own tokenizer and our strategy make them."""
    from axolotl.loaders import load_tokenizer
    from datasets import load_dataset

    from axolotl_replicate.prompt_strategy import load

    strategy = load(load_tokenizer(cfg), cfg, cfg.datasets[0])
    rows = load_dataset("json", data_files=cfg.datasets[0].path, split="train")
    return strategy.wrap_dataset(rows)


def tokenised(cfg: Any, model: Path) -> list[str]:
    """The texts of those rows."""
    from axolotl.loaders import load_tokenizer

    tokenizer = load_tokenizer(cfg)
    return [tokenizer.decode(ids) for ids in rows_of(cfg)["input_ids"]]


@pytest.fixture
def load(write_rows: Callable[..., Path], load_recipe: Callable[..., Loaded]) -> Callable[..., Any]:
    """The validated configuration of a recipe of some keys, which must be a sound one."""
    train_data = str(write_rows(ROWS))

    def load_validated(**keys: Any) -> Any:
        loaded = load_recipe(**{"train_data": train_data, **DEFAULTS, **keys})
        assert loaded.exit_code is None, loaded.errors
        return loaded.cfg

    return load_validated


def test_every_key_has_a_case() -> None:
    """A key cannot be added to the table without a test of its effect here."""
    assert set(RECIPE_KEYS) == EFFECTS.keys() | OTHER_EFFECTS
    assert not EFFECTS.keys() & OTHER_EFFECTS
    assert all(f"test_{name}_" in "".join(globals()) for name in OTHER_EFFECTS)


@pytest.mark.parametrize("name", EFFECTS)
def test_a_key_arrives_in_axolotls_configuration(
    name: str, lab: Lab, load: Callable[..., Any]
) -> None:
    """A value other than the default is in the validated configuration, where the default isn't."""
    effect = EFFECTS[name]
    if "base_model" in effect.beside:  # a folder by that name
        (lab.folder / effect.beside["base_model"]).symlink_to(lab.model)

    # without the multiplier its pre-training rate is refused
    silent = load(**effect.beside) if name != "learning_rate_multiplier" else load()
    given = load(**{**effect.beside, name: effect.value})

    assert effect.becomes == {key: given[key] for key in effect.becomes}
    assert all(silent[key] != value for key, value in effect.becomes.items())


def test_train_data_is_what_is_trained(
    load: Callable[..., Any], write_rows: Callable[..., Path]
) -> None:
    """The records of the file that is named are stored, in their order."""
    cfg = load(train_data=str(write_rows(OTHER_ROWS, "other.jsonl")), run_validation=False)

    assert stored(cfg, "datasets") == OTHER_ROWS


def test_wrap_packed_sequences_cuts_one_stream(load: Callable[..., Any]) -> None:
    """One stream of all records' tokens, in their order, cut every `chunk_size` tokens."""
    stream = [token for ids in rows_of(load(run_validation=False))["input_ids"] for token in ids]

    wrapped = rows_of(
        load(run_validation=False, pack_sequences=True, wrap_packed_sequences=True, chunk_size=64)
    )

    assert wrapped["input_ids"] == [
        stream[start : start + 64] for start in range(0, len(stream), 64)
    ]


def test_train_data_sha256_is_compared(
    load: Callable[..., Any], load_recipe: Callable[..., Loaded], write_rows: Callable[..., Path]
) -> None:
    """The right sum passes; another one ends the run and names the key's file."""
    data = write_rows(ROWS)
    right = hashlib.sha256(data.read_bytes()).hexdigest()

    load(train_data_sha256=right)
    wrong = load_recipe(train_data=str(data), train_data_sha256="0" * 64)

    assert wrong.exit_code == 2
    assert len(wrong.errors) == 1
    assert right in wrong.errors[0]


def test_validation_data_is_what_is_validated_on(
    load: Callable[..., Any], write_rows: Callable[..., Path]
) -> None:
    """The first rows of the validation file are validated on, and all training rows trained."""
    cfg = load(validation_data=str(write_rows(OTHER_ROWS, "other.jsonl")))

    assert stored(cfg, "test_datasets") == OTHER_ROWS[:4]
    assert stored(cfg, "datasets") == ROWS


def test_num_validation_samples_come_off_the_tail(load: Callable[..., Any]) -> None:
    """So many rows off the end are validated on, in order, and not trained on."""
    cfg = load(num_validation_samples=7)

    assert stored(cfg, "datasets") == ROWS[:-7]
    assert stored(cfg, "test_datasets") == ROWS[-7:]


@pytest.mark.parametrize(("samples", "used"), [(3, 3), (50, 10)])
def test_num_validation_samples_limit_validation_data(
    samples: int, used: int, load: Callable[..., Any], write_rows: Callable[..., Path]
) -> None:
    """So many rows of the validation file are used, or all of them where it has fewer."""
    validation_data = str(write_rows(OTHER_ROWS, "other.jsonl"))

    cfg = load(validation_data=validation_data, num_validation_samples=samples)

    assert stored(cfg, "test_datasets") == OTHER_ROWS[:used]


def test_separator_is_in_the_tokens(lab: Lab, load: Callable[..., Any]) -> None:
    """Prompt and completion are joined by the separator, by default a line feed."""
    assert tokenised(load(), lab.model)[0] == "<s>Say 1 words\n word .</s>"
    assert tokenised(load(separator=" => "), lab.model)[0] == "<s>Say 1 words =>  word .</s>"


def test_stop_sequence_is_in_the_tokens(lab: Lab, load: Callable[..., Any]) -> None:
    """The stop sequence stands between completion and EOS."""
    texts = tokenised(load(stop_sequence=" END"), lab.model)

    assert texts[0] == "<s>Say 1 words\n word . END</s>"


def test_on_too_long_decides_what_is_kept(lab: Lab, load: Callable[..., Any]) -> None:
    """By default a prompt is cut; `drop` leaves the record out."""
    rows = [{"prompt": "far too long " * 20, "completion": " yes"}, *ROWS[:2]]
    (lab.folder / "long.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    keys = {"train_data": "long.jsonl", "run_validation": False, "chunk_size": 32}

    cut = tokenised(load(**keys), lab.model)
    dropped = tokenised(load(**keys, on_too_long="drop"), lab.model)

    assert len(cut) == 3
    assert cut[0].endswith("too long \n yes</s>")
    assert cut[1:] == dropped


def test_validation_prompt_is_answered(lab: Lab, write_rows: Callable[..., Path]) -> None:
    """The evaluation at the end of a step writes a response down."""
    recipe = lab.write_recipe(
        train_data=str(write_rows(ROWS)),
        validation_prompt="Say 3 words",
        num_validation_samples=2,
        chunk_size=128,
        max_steps=1,
    )

    finished = lab.train(recipe)

    assert finished.exit_code == 0, finished.output
    samples = (lab.folder / "out" / "validation_samples.jsonl").read_text().splitlines()
    assert {"Say 3 words"} == {json.loads(line)["prompt"] for line in samples}


def test_keys_of_axolotl_pass_untouched(load: Callable[..., Any]) -> None:
    """Keys that are not in the table arrive in the configuration as the recipe has them."""
    keys = {
        "lr_scheduler": "linear",
        "weight_decay": 0.05,
        "max_grad_norm": 0.5,
        "adam_beta2": 0.95,
        "warmup_ratio": 0.03,
        "save_total_limit": 3,
        "group_by_length": True,
        "gradient_checkpointing": True,
        "lora_target_modules": ["q_proj", "v_proj"],
        "special_tokens": {"pad_token": "<unk>"},
        "wandb_project": "tests",
        "sequence_len": 80,
    }

    cfg = load(**keys)

    assert keys == {key: cfg[key] for key in keys}


def test_openais_names_have_their_effect(load: Callable[..., Any]) -> None:
    """`n_epochs` and `batch_size` arrive as `num_train_epochs` and `train_batch_size` do."""
    cfg = load(n_epochs=5, batch_size=12)

    assert cfg.num_epochs == 5
    assert cfg.micro_batch_size * cfg.gradient_accumulation_steps == 12


def test_the_multiplied_learning_rate_is_said_once(
    load_recipe: Callable[..., Loaded], write_rows: Callable[..., Path]
) -> None:
    """One line gives the rate, the multiplier and what it was multiplied with."""
    loaded = load_recipe(
        train_data=str(write_rows(ROWS)),
        learning_rate_multiplier=0.1,
        pretraining_learning_rate=3e-3,
    )

    said = [line for line in loaded.own_lines if "learning_rate" in line]
    expected = "learning_rate_multiplier 0.1 × 0.003, pretraining_learning_rate"
    assert said == [f"axolotl-replicate: learning_rate: 0.0003 ({expected})"]

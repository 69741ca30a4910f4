"""Bad input ends a run with one clear line and an exit code, before any model is read.

The cases run through Axolotl's own `load_cfg`, which is what every one of its commands calls first;
one goes through the whole command.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from loopback_server import Answer, LoopbackServer
from train.conftest import Lab

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

ROWS = [{"prompt": f"Say {n} words", "completion": f" {'word ' * n}."} for n in range(1, 13)]
GOOD = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
MALFORMED = "".join(
    json.dumps(row) + "\n" if n != 3 else '{"prompt": "a", "completion": "b",}\n'
    for n, row in enumerate(ROWS[:5], 1)
).encode()


@pytest.mark.parametrize(
    ("content", "keys", "said"),
    [
        (GOOD, {"train_data": "nowhere.jsonl"}, "nowhere.jsonl"),
        (GOOD, {"train_data": "."}, "folder"),
        (GOOD, {"train_data": None}, "train_data: missing"),
        (GOOD, {"train_batch_size": 4, "micro_batch_size": 3}, "micro_batch_size 3"),
        (GOOD, {"num_validation_samples": 12}, "num_validation_samples: 12"),
        (GOOD, {"num_epochs": 1, "num_train_epochs": 1}, "num_train_epochs and num_epochs"),
        (GOOD, {"peft_method": "qlorra"}, "peft_method: found 'qlorra'"),
        (GOOD, {"seperator": "#"}, "did you mean 'separator'?"),
        (GOOD, {"prompt_loss_weight": 0.3}, "prompt_loss_weight: 0.3 needs the plugin"),
        (GOOD, {"test_datasets": [{"path": "x"}]}, "train_data and test_datasets"),
        (GOOD, {"min_sample_len": 5}, "min_sample_len"),
        (GOOD, {"wrap_packed_sequences": True}, "wrap_packed_sequences and pack_sequences"),
        (
            GOOD,
            {"pack_sequences": True, "eval_sample_packing": True},
            "pack_sequences and eval_sample_packing",
        ),
        (
            GOOD,
            {"pack_sequences": True, "context_parallel_size": 2},
            "pack_sequences and context_parallel_size",
        ),
        (GOOD, {"peft_method": "qlora", "load_in_4bit": False}, "peft_method and load_in_4bit"),
        (GOOD, {"stop_sequence": r"\n###\n"}, "double quotes"),
        (GOOD, {"seed": 2**70}, "seed"),
        (GOOD, {"validation_data": "text.jsonl"}, "text.jsonl holds text records"),
        (GOOD, {"load_in_4bit": True}, "peft_method and load_in_4bit: only qlora"),
        (GOOD, {"peft_method": "qlora", "load_in_8bit": True}, "peft_method and load_in_8bit"),
        (GOOD, {"lora_target_linear": False}, "lora_target_linear: false"),
        (GOOD, {"lora_model_dir": "./nowhere"}, "lora_model_dir: found no adapter_config.json"),
        (GOOD, {"resume_from_checkpoint": "nowhere"}, "resume_from_checkpoint: no such folder"),
        (GOOD, {"output_dir": "data.jsonl"}, "output_dir: cannot write into 'data.jsonl'"),
        (GOOD, {"dataset_prepared_path": "data.jsonl/a"}, "dataset_prepared_path: cannot write"),
        (GOOD, {"learning_rate_multiplier": 0.1}, "expected pretraining_learning_rate"),
        (
            GOOD,
            {"learning_rate_multiplier": 0.1, "learning_rate": 1e-4},
            "learning_rate_multiplier and learning_rate: both given",
        ),
        # what Axolotl itself refuses
        (GOOD, {"num_epochs": "abc"}, "num_epochs: found 'abc': input should be a valid number"),
        (GOOD, {"adapter": "full"}, "Adapter 'full' is not built in"),
        (
            GOOD,
            {"num_epochs": "a", "weight_decay": "b", "logging_steps": "c", "save_steps": "d"},
            "; and 1 more (from Axolotl)",
        ),
        (
            json.dumps({**ROWS[0], "weight": 2}).encode() + b"\n" + GOOD,
            {},
            "data.jsonl:1: weight 2",
        ),
    ],
)
def test_misuse_ends_with_one_line_and_exit_code_2(
    content: bytes,
    keys: dict[str, Any],
    said: str,
    lab: Lab,
    end_of_run: Callable[..., tuple[Any, list[str]]],
) -> None:
    """Misuse is answered by one line that names recipe, place and remedy, and exit code 2."""
    (lab.folder / "data.jsonl").write_bytes(content)
    (lab.folder / "text.jsonl").write_text('{"text": "a"}\n{"text": "b"}\n')

    code, lines = end_of_run(**{"train_data": "data.jsonl", **keys})

    own = [line for line in lines if line.startswith("axolotl-replicate: error:")]
    assert code == 2
    assert len(own) == 1
    assert said in own[0]
    assert "recipe.yaml" in own[0]


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        (b"", "data.jsonl:1:1: DT001"),
        (b"prompt,completion\na,b\nc,d\n", "data.jsonl:1:1: DT006"),
        (MALFORMED, "data.jsonl:3:"),
    ],
    ids=["empty", "csv", "malformed line 3"],
)
def test_bad_data_ends_with_lints_report_and_exit_code_1(
    content: bytes,
    finding: str,
    lab: Lab,
    end_of_run: Callable[..., tuple[Any, list[str]]],
) -> None:
    """Findings are listed as `dataset-tools lint` lists them, and the exit code is 1."""
    (lab.folder / "data.jsonl").write_bytes(content)

    code, lines = end_of_run(train_data="data.jsonl")

    assert code == 1
    assert any(line.startswith(finding) for line in lines)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(status=404), "404"),
        (
            Answer(b"<!doctype html><html></html>", headers={"Content-Type": "text/html"}),
            "web page",
        ),
    ],
    ids=["404", "web page"],
)
def test_a_url_without_data_ends_with_one_line(
    answer: Answer,
    said: str,
    server: LoopbackServer,
    end_of_run: Callable[..., tuple[Any, list[str]]],
) -> None:
    """A URL that gives no data is named without its query, with what was found there."""
    server.serve("/data.jsonl?token=secret", answer)

    code, lines = end_of_run(train_data=server.url("/data.jsonl?token=secret"))

    own = [line for line in lines if line.startswith("axolotl-replicate: error:")]
    assert code == 2
    assert len(own) == 1
    assert said in own[0]
    assert "secret" not in own[0]


def test_a_dropped_download_is_finished(
    server: LoopbackServer, lab: Lab, end_of_run: Callable[..., tuple[Any, list[str]]]
) -> None:
    """A connection that breaks half way is taken up again, and the cached file is whole."""
    whole = Answer(GOOD, headers={"ETag": '"1"'}, ranges=True)
    half = Answer(GOOD, headers={"ETag": '"1"'}, ranges=True, drop_after=len(GOOD) // 2)
    url = server.serve("/data.jsonl", half, whole)

    code, _ = end_of_run(train_data=url)

    assert code is None
    assert any(path.read_bytes() == GOOD for path in lab.folder.rglob("*.jsonl"))


def test_the_default_launcher_passes_the_message_and_the_failure_on(
    lab: Lab, write_rows: Callable[..., Path]
) -> None:
    """Under accelerate, too, a bad recipe shows our line and ends with a non-zero exit code."""
    recipe = lab.write_recipe(train_data=str(write_rows(ROWS)), seperator="#")

    finished = lab.axolotl("train", str(recipe))

    assert finished.exit_code != 0
    assert len(finished.own_lines) == 1
    assert "did you mean 'separator'?" in finished.own_lines[0]


def test_a_misspelt_plugin_ends_the_run(lab: Lab, write_rows: Callable[..., Path]) -> None:
    """A plugin of ours that does not exist is an error, not a run without it."""
    recipe = lab.write_recipe(
        train_data=str(write_rows(ROWS)), plugins=["axolotl_replicate.ReplicateInputPlugin"]
    )

    finished = lab.axolotl("train", str(recipe), "--launcher", "python")

    assert finished.exit_code == 2
    assert "ReplicateInputsPlugin" in finished.own_lines[0]


def test_the_options_of_axolotls_command_are_no_unknown_keys(
    lab: Lab, write_rows: Callable[..., Path]
) -> None:
    """What Axolotl's command line adds to the configuration gives no note."""
    recipe = lab.write_recipe(train_data=str(write_rows([{"text": ""}])))

    finished = lab.axolotl("train", str(recipe), "--launcher", "python")

    assert finished.exit_code == 1
    assert [line for line in finished.own_lines if "note:" in line] == []


def test_keys_nobody_knows_are_named(
    lab: Lab, end_of_run: Callable[..., tuple[Any, list[str]]]
) -> None:
    """A key that would have no effect is named, and the run goes on."""
    (lab.folder / "data.jsonl").write_bytes(GOOD)

    code, lines = end_of_run(train_data="data.jsonl", max_seq_length=10)

    notes = [line for line in lines if "note: neither" in line]
    assert code is None
    assert len(notes) == 1
    assert "knows max_seq_length: no effect" in notes[0]


def test_marks_the_recipe_does_not_name_are_pointed_out(
    lab: Lab, end_of_run: Callable[..., tuple[Any, list[str]]]
) -> None:
    """Data that ends with a stop sequence of which the recipe knows nothing trains, with a note."""
    rows = [{**row, "completion": row["completion"] + "\n###\n"} for row in ROWS]
    (lab.folder / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    code, lines = end_of_run(train_data="data.jsonl")

    assert code is None
    assert any('set stop_sequence: "\\n###\\n"' in line for line in lines)


def test_fewer_records_than_a_batch_are_all_trained(
    lab: Lab, write_rows: Callable[..., Path]
) -> None:
    """A step trains on all records there are, however a batch is split, and a note says so."""
    train_data = str(write_rows(ROWS[:3]))
    first_steps = []
    for micro_batch in (8, 2):
        recipe = lab.write_recipe(
            train_data=train_data,
            run_validation=False,
            max_steps=None,
            num_train_epochs=1,
            train_batch_size=8,
            micro_batch_size=micro_batch,
        )

        finished = lab.train(recipe)

        assert finished.exit_code == 0, finished.output
        expected = "note: fewer records than a batch of 8, so every step trains on all of them"
        assert f"axolotl-replicate: {expected}" in finished.own_lines
        first_steps.append(re.findall(r"'tokens/trainable': '?([\d.]+)", finished.output))
    assert first_steps[0] == first_steps[1]
    assert len(first_steps[0]) == 1


@pytest.mark.parametrize("on_too_long", ["truncate_prompt", "drop"])
def test_records_that_are_all_too_long_end_the_run(
    on_too_long: str, lab: Lab, write_rows: Callable[..., Path]
) -> None:
    """Where no record fits, one line names the part of the data and the key to raise."""
    rows = [{"prompt": row["prompt"], "completion": row["completion"] * 50} for row in ROWS]
    recipe = lab.write_recipe(
        train_data=str(write_rows(rows)), run_validation=False, chunk_size=64,
        on_too_long=on_too_long,
    )  # fmt: skip

    finished = lab.axolotl("preprocess", str(recipe))

    errors = [line for line in finished.own_lines if "error:" in line]
    expected = "no record of the training data fits the chunk_size of 64 tokens; raise chunk_size"
    assert finished.exit_code == 2
    assert errors == [f"axolotl-replicate: error: {expected}"]

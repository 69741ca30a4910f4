"""What Axolotl prepares is what preview shows."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from train.conftest import Lab

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

UNKNOWN_ID, EOS_ID = 0, 2  # of the tiny model's tokenizer
IGNORED = -100
COLUMNS = ("input_ids", "labels", "loss_weights")
PROMPT_ROWS = [
    {"prompt": f"Say {n} words\n##\n", "completion": f" {'word ' * n}.\n###\n"}
    for n in range(1, 13)
]
BARE_ROWS = [{"prompt": f"Say {n} words", "completion": f" {'word ' * n}."} for n in range(1, 13)]
WEIGHTED_ROWS = [{**row, "weight": n % 3} for n, row in enumerate(BARE_ROWS)]
PLUGINS = ["axolotl_replicate.ReplicateInputsPlugin", "axolotl_replicate.PromptLossWeightPlugin"]
TEXT_ROWS = [{"text": "Once upon a time " * n} for n in range(1, 13)]
MARKS = {"separator": "\n##\n", "stop_sequence": "\n###\n"}


def prepared_rows(folder: Path) -> list[dict[str, Any]]:
    """The rows of the one dataset that Axolotl has prepared."""
    from datasets import concatenate_datasets, load_from_disk

    folders = sorted({info.parent for info in folder.glob("prepared/**/dataset_info.json")})
    rows: list[dict[str, Any]] = concatenate_datasets(
        [load_from_disk(str(folder)) for folder in folders]
    ).to_list()
    return rows


def previewed_rows(recipe: Path, data: Path) -> list[dict[str, Any]]:
    """What `dataset-tools preview --format json` prints for every record."""
    output = subprocess.run(
        [sys.executable, "-m", "dataset_tools", "preview", str(data), "--recipe", str(recipe),
         "--rows", "1000", "--format", "json"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout  # fmt: skip
    return [json.loads(line) for line in output.splitlines()]


def parted(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records of packs, or the rows themselves."""
    records = []
    for row in rows:
        start = 0
        for length in row.get("record_lengths") or [len(row["input_ids"])]:
            records.append({name: row[name][start : start + length] for name in COLUMNS})
            start += length
        assert start == len(row["input_ids"])
    return records


def in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Only the columns that are trained, in an order of their own: Axolotl shuffles rows."""
    return sorted(
        ({column: row[column] for column in COLUMNS} for row in rows if row["input_ids"]),
        key=lambda row: row["input_ids"],
    )


@pytest.mark.parametrize(
    ("rows", "keys"),
    [
        pytest.param(BARE_ROWS, {}, id="prompt-completion"),
        pytest.param(PROMPT_ROWS, {**MARKS, "chunk_size": 40}, id="marks-and-truncation"),
        pytest.param(BARE_ROWS, {"prompt_loss_weight": 1}, id="prompt-trained"),
        pytest.param(TEXT_ROWS, {"chunk_size": 24}, id="text-in-chunks"),
        pytest.param(BARE_ROWS, {"pack_sequences": True}, id="packed"),
        pytest.param(WEIGHTED_ROWS, {"plugins": PLUGINS, "prompt_loss_weight": 0.3}, id="weighted"),
        pytest.param(WEIGHTED_ROWS, {"plugins": PLUGINS}, id="weighted-by-default"),
        pytest.param(BARE_ROWS, {"special_tokens": {"eos_token": "<unk>"}}, id="another-eos"),
    ],
)
def test_prepared_rows_equal_the_preview(
    rows: list[dict[str, Any]],
    keys: dict[str, Any],
    lab: Lab,
    write_rows: Callable[..., Path],
) -> None:
    """Tokens, labels and weights are the preview's, and every record ends by learning EOS."""
    data = write_rows(rows)
    recipe = lab.write_recipe(
        train_data=str(data), run_validation=False, **{"chunk_size": 64, **keys}
    )

    finished = lab.axolotl("preprocess", str(recipe))

    assert finished.exit_code == 0, finished.output
    prepared = parted(prepared_rows(lab.folder))
    previewed = previewed_rows(recipe, data)
    assert in_order(previewed) == in_order(prepared)
    eos = EOS_ID if "special_tokens" not in keys else UNKNOWN_ID
    ends = [row for row in prepared if row["input_ids"][-1] == eos]
    assert all(row["labels"][-1] == eos for row in ends)
    kept = {row["line"] for row in previewed if row["input_ids"]}
    weights = sorted(rows[line - 1].get("weight", 1.0) for line in kept)
    assert weights == sorted(row["loss_weights"][-1] for row in ends)


def test_a_wrapped_stream_is_the_previewed_records_end_to_end(
    lab: Lab, write_rows: Callable[..., Path]
) -> None:
    """Chunks of one size, and in them every previewed token in its order, none cut for length."""
    data = write_rows(BARE_ROWS)
    chunk_size = 16  # shorter than most records
    recipe = lab.write_recipe(
        train_data=str(data),
        run_validation=False,
        chunk_size=chunk_size,
        pack_sequences=True,
        wrap_packed_sequences=True,
    )

    finished = lab.axolotl("preprocess", str(recipe))

    assert finished.exit_code == 0, finished.output
    stream = [token for row in previewed_rows(recipe, data) for token in row["input_ids"]]
    chunks = [stream[start : start + chunk_size] for start in range(0, len(stream), chunk_size)]
    packs = prepared_rows(lab.folder)
    assert sorted(chunks) == sorted(row["input_ids"] for row in packs)
    assert sum(row["records_begun"] for row in packs) == len(BARE_ROWS)
    # a record's first token, and that of a part of it, follows nothing
    for row in packs:
        assert sum(row["record_lengths"]) == len(row["input_ids"])
        assert row["labels"][0] == IGNORED


def test_one_file_for_both_parts_is_packed_for_one(
    lab: Lab, write_rows: Callable[..., Path]
) -> None:
    """The same records are packs to train on and rows to validate on, whichever came first."""
    data = str(write_rows(BARE_ROWS))
    recipe = lab.write_recipe(
        train_data=data,
        validation_data=data,
        num_validation_samples=len(BARE_ROWS),
        chunk_size=64,
        pack_sequences=True,
    )

    finished = lab.axolotl("preprocess", str(recipe))

    assert finished.exit_code == 0, finished.output
    packed = {
        "record_lengths" in json.loads(info.read_text())["features"]
        for info in lab.folder.glob("prepared/**/dataset_info.json")
    }
    assert packed == {True, False}


def test_bare_and_marked_data_prepare_the_same(lab: Lab, write_rows: Callable[..., Path]) -> None:
    """Data that carries separator and stop sequence trains to the same tokens as bare data."""
    prepared = []
    for name, rows in (("bare", BARE_ROWS), ("marked", PROMPT_ROWS)):
        recipe = lab.write_recipe(
            train_data=str(write_rows(rows, f"{name}.jsonl")),
            run_validation=False,
            chunk_size=64,
            dataset_prepared_path=str(lab.folder / name / "prepared"),
            **MARKS,
        )
        assert lab.axolotl("preprocess", str(recipe)).exit_code == 0
        prepared.append(in_order(prepared_rows(lab.folder / name)))

    assert prepared[0] == prepared[1]


def test_a_new_separator_prepares_new_data(lab: Lab, write_rows: Callable[..., Path]) -> None:
    """Changing only the separator changes the prepared data, whatever Axolotl has cached."""
    data = write_rows(BARE_ROWS)
    tokens = []
    for separator in ("\n", "\n##\n"):
        recipe = lab.write_recipe(
            train_data=str(data), run_validation=False, chunk_size=64, separator=separator
        )
        before = set(lab.folder.glob("prepared/*"))
        assert lab.axolotl("preprocess", str(recipe)).exit_code == 0
        tokens.append(set(lab.folder.glob("prepared/*")) - before)

    assert all(tokens)

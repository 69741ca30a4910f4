"""Stats counts the rows and steps that the trainer's own batches have."""

import json
from pathlib import Path
from typing import Any

import plain_stats
import pytest
from cli_runs import run
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_tokenizers import CharacterTokenizer

from dataset_tools.packing import Packing
from dataset_tools.records import Record
from dataset_tools.sources import SourceFile
from dataset_tools.stats import DataPartial, StatsSettings, StepSettings, gather, summarize
from dataset_tools.tokenizer import load_tokenizer
from dataset_tools.tokens import TrainingFormat, tokenize

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

CHUNK_SIZE = 16
RECORDS = st.lists(
    st.builds(Record, st.text("ab", max_size=20), st.text("xy", min_size=1, max_size=20)),
    min_size=2,
    max_size=20,
)


def trained_rows(records: list[Record], packing: Packing) -> Any:
    """The dataset that the plugin makes of the records, packed or not."""
    from datasets import Dataset

    from axolotl_replicate.batches.packs import RECORDS_BEGUN, pack_sequences

    training_format = TrainingFormat(chunk_size=CHUNK_SIZE, packing=packing)
    rows = [
        {
            "input_ids": sequence.input_ids,
            "labels": sequence.labels,
            "loss_weights": sequence.loss_weights,
            RECORDS_BEGUN: 1,
        }
        for record in records
        for sequence in tokenize(record, training_format, CharacterTokenizer())
    ]
    dataset = Dataset.from_list(rows)
    return dataset if packing == "none" else pack_sequences(dataset, packing, CHUNK_SIZE, None)


@settings(max_examples=25, deadline=None)
@given(
    records=RECORDS,
    packing=st.sampled_from(["none", "best_fit", "wrapped"]),
    micro=st.integers(1, 3),
    accumulated=st.integers(1, 3),
    held_out=st.integers(0, 1),
)
def test_steps_are_the_trainers(
    records: list[Record],
    packing: Packing,
    micro: int,
    accumulated: int,
    held_out: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Rows, steps and micro-batches of an epoch are those of the plugin's dataset and sampler."""
    from axolotl_replicate.batches.step_batches import EpochOrder, StepBatches

    path = Path(tmp_path_factory.mktemp("data"), "data.jsonl")
    path.write_text("".join(json.dumps(each.as_json_object()) + "\n" for each in records))
    steps = StepSettings(micro * accumulated, micro, held_out=held_out)
    stats_settings = StatsSettings(
        training_format=TrainingFormat(chunk_size=CHUNK_SIZE, packing=packing),
        marks_are_settled=True,
        tokenizer=CharacterTokenizer(),
        steps=steps,
    )
    data = DataPartial(held_out)
    file = gather(SourceFile("data.jsonl", path), stats_settings, data)
    training = summarize([file], data, stats_settings).training

    trained = records[: len(records) - held_out]
    if not training.sequences:
        return
    rows = len(trained_rows(trained, packing))
    batches = StepBatches(
        EpochOrder(rows, 42, lambda: 0, shuffled=True),
        step_rows=steps.step_rows,
        micro_batch_rows=steps.step_rows,  # so that each batch is a step
        processes=1,
        filler=-1,
    )
    assert training.steps is not None
    assert len(list(batches)) == training.steps.per_epoch
    (chosen,) = (each for each in training.densities if each.packing == packing)
    assert rows == chosen.rows


def test_a_models_tokenizer_is_counted_exactly(tiny_model: Path, tmp_path: Path) -> None:
    """The command counts, with several processes, what `tokenize` makes of every record."""
    records = [
        Record(f"Question {number}: where is Paris?", f" {'In France. ' * (number % 40)}é☃")
        for number in range(60)
    ]
    rows = "".join(json.dumps(each.as_json_object()) + "\n" for each in records)
    (tmp_path / "data.jsonl").write_text(rows)
    arguments = ["--tokenizer", str(tiny_model), "--chunk-size", "64", "--separator", "\\n"]

    done = run("stats", "data.jsonl", *arguments, "--format", "json", "-j", "2", cwd=tmp_path)

    report = json.loads(done.stdout)
    tokenizer, training_format = load_tokenizer(str(tiny_model)), TrainingFormat(chunk_size=64)
    made = [tokenize(record, training_format, tokenizer) for record in records]
    lengths = [len(each.input_ids) for sequences in made for each in sequences]
    assert report["tokens"] == {"estimated": False, "tokenizer": str(tiny_model)}
    assert sum(lengths) == report["training"]["tokens"]
    assert len(lengths) == report["training"]["sequences"]
    assert (
        plain_stats.too_long(records, training_format, tokenizer) == report["training"]["too_long"]
    )
    assert any(report["training"]["too_long"].values())

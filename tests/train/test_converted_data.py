"""The whole road of a table: converted, linted, trained."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_runs import run
from train.conftest import Lab

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

CLASSES = ["negative", "positive"]
REVIEWS = [(f'Film {n}: "well"\nmade?', CLASSES[n % 2]) for n in range(12)]
TEMPLATES = ["--prompt", "Review: {review}", "--completion", " {label}"]
MARKS = ["--separator", "\\n##\\n", "--stop-sequence", "\\n###\\n"]


def save_csv(folder: Path) -> str:
    with (folder / "reviews.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("review", "label"), *REVIEWS])
    return "reviews.csv"


def save_dataset(folder: Path) -> str:
    """A `DatasetDict` on disk whose labels are numbers of classes."""
    import datasets

    features = datasets.Features(
        {"review": datasets.Value("string"), "label": datasets.ClassLabel(names=CLASSES)}
    )
    rows = [{"review": review, "label": label} for review, label in REVIEWS]
    train = datasets.Dataset.from_list(rows, features=features)
    datasets.DatasetDict({"train": train}).save_to_disk(folder / "saved")
    return "saved"


@pytest.mark.parametrize("save", [save_csv, save_dataset])
def test_a_converted_table_lints_and_trains(lab: Lab, save: Callable[[Path], str]) -> None:
    """CSV and a saved dataset become the same records; they have no error, and two steps run."""
    converted = run("convert", save(lab.folder), "-o", "train.jsonl", *TEMPLATES, *MARKS,
                    cwd=lab.folder, HF_HUB_OFFLINE="1")  # fmt: skip
    assert converted.returncode == 0, converted.stderr.decode()
    first = (lab.folder / "train.jsonl").read_text().splitlines()[0]
    prompt, completion = 'Review: Film 0: \\"well\\"\\nmade?\\n##\\n', " negative\\n###\\n"
    assert first == f'{{"prompt":"{prompt}","completion":"{completion}"}}'

    recipe = lab.write_recipe(
        train_data="train.jsonl", separator="\n##\n", stop_sequence="\n###\n", run_validation=False
    )
    linted = run("lint", "--recipe", str(recipe), cwd=lab.folder)
    assert linted.returncode == 0, linted.stdout.decode()

    trained = lab.train(recipe)
    assert trained.exit_code == 0, trained.output
    assert (lab.folder / "out" / "adapter_model.safetensors").is_file()

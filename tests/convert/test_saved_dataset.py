"""Folders: datasets saved to disk, and data files that make up a dataset."""

import shutil
from pathlib import Path

import datasets
import pytest
from tables import head_of, outline, refusal, rows_of, write

from dataset_tools.convert.readers import open_table
from dataset_tools.sources import SourceFile

FEATURES = datasets.Features(
    {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["neg", "pos"])}
)
ROWS = [{"text": "a", "label": "neg"}, {"text": None, "label": "pos"}]
CONFIGURATIONS = """\
---
configs:
- config_name: one
  data_files: one.jsonl
- config_name: two
  data_files: two.jsonl
---
"""


@pytest.fixture(autouse=True)
def _quiet_library() -> None:
    datasets.disable_progress_bars()


def dataset() -> datasets.Dataset:
    return datasets.Dataset.from_dict({"text": ["a", None], "label": [0, 1]}, features=FEATURES)


def folder_of(place: Path, **files: str) -> Path:
    place.mkdir()
    for name, content in files.items():
        write(place, name.replace("__", "."), content)
    return place


def places(folder: Path) -> list[str]:
    """Where messages say that each row stands."""
    with open_table(SourceFile(folder.name, folder)) as table:
        return [table.place(number, 0) for number, _ in table.rows]


def test_a_saved_dataset_is_read(tmp_path: Path) -> None:
    """With the names of classes in place of their numbers, which is noted."""
    dataset().save_to_disk(tmp_path / "saved")

    assert rows_of(tmp_path / "saved") == ROWS
    table = head_of(tmp_path / "saved")
    assert table.columns == ("text", "label")
    assert table.notes == ("class names in place of numbers in 'label'",)


def test_a_split_of_a_saved_dictionary_is_read(tmp_path: Path) -> None:
    """The training split where none is named, which is noted."""
    splits = {"train": dataset(), "test": dataset().select([1])}
    datasets.DatasetDict(splits).save_to_disk(tmp_path / "saved")

    assert rows_of(tmp_path / "saved") == ROWS
    assert ROWS[1:] == rows_of(tmp_path / "saved", split="test")
    note = "the split 'train' of 'train', 'test'; --split names another"
    assert note == head_of(tmp_path / "saved").notes[0]


def test_images_and_sounds_stay_bytes(tmp_path: Path) -> None:
    """They are not decoded, which would need libraries and take long."""
    features = datasets.Features({"text": datasets.Value("string"), "image": datasets.Image()})
    cells = {"text": ["a"], "image": [{"bytes": b"no picture", "path": None}]}
    datasets.Dataset.from_dict(cells, features=features).save_to_disk(tmp_path / "saved")

    assert rows_of(tmp_path / "saved") == [
        {"text": "a", "image": {"bytes": b"no picture", "path": None}}
    ]


def test_files_of_a_folder_are_read_as_they_stand(tmp_path: Path) -> None:
    """The library says which files make up a split; "00123" and "NA" stay text."""
    folder = folder_of(tmp_path / "x", train__csv="a,b\n00123,NA\n", test__csv="a,b\n1,2\n")

    assert rows_of(folder) == [{"a": "00123", "b": "NA"}]
    assert rows_of(folder, split="test") == [{"a": "1", "b": "2"}]


def test_several_files_are_one_table(tmp_path: Path) -> None:
    """Rows are numbered over all of them, and errors name the file and line."""
    folder = folder_of(tmp_path / "x", a__csv="a,b\n1,2\n", b__csv="a,b\n3\n5,6\n")

    (first, row), (second, error), (third, last) = outline(folder)
    assert ((first, second, third), row) == ((1, 2, 3), {"a": "1", "b": "2"})
    assert error.startswith("1 cell, expected 2")
    assert last == {"a": "5", "b": "6"}
    assert places(folder) == ["x/a.csv:2: row 1", "x/b.csv:2: row 1", "x/b.csv:3: row 2"]
    assert head_of(folder).notes == ("read from 'a.csv', 'b.csv'",)
    assert places(folder_of(tmp_path / "y", a__csv="a,b\n1,2\n")) == ["y/a.csv:2: row 1"]


@pytest.mark.parametrize(
    ("files", "left"),
    [
        (("faq.csv", "data_test_results.csv", "sub/x.csv"), "'faq.csv', 'sub/x.csv'"),
        (("train.csv", "extra.csv"), "'extra.csv'"),
        (("a.csv", "b.jsonl"), "'a.csv'"),
        (("a.csv", "b.xlsx"), "'b.xlsx'"),
        (("train/a.csv", "more/b.csv.gz"), "'more/b.csv.gz'"),
    ],
)
def test_files_that_no_split_has_are_refused(
    files: tuple[str, ...], left: str, tmp_path: Path
) -> None:
    """By name and with the remedy, rather than left out in silence."""
    for name in files:
        path = tmp_path / "x" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"a": 1}\n' if "json" in name else "a\n1\n")

    message = refusal(tmp_path / "x")
    assert message.startswith(f"x: the folder's splits, told by the files' names, leave out {left}")
    assert "; give a file, or a glob such as 'x/" in message


def test_what_is_no_data_may_lie_beside(tmp_path: Path) -> None:
    """Files about the data, hidden ones, and those of splits that are not asked for."""
    names = ("README__md", "LICENSE__txt", "__hidden__csv", "config__json", "test__csv")
    files = dict.fromkeys(names, "a\n1\n") | {"train__csv": "a\n2\n"}
    folder = folder_of(tmp_path / "x", **files)

    assert rows_of(folder) == [{"a": "2"}]


def test_a_folder_without_a_dataset_names_the_remedy(tmp_path: Path) -> None:
    """No data at all, or only what the library does not read."""
    assert refusal(folder_of(tmp_path / "x")).startswith(
        "x: the folder holds no data files; expected CSV, TSV, JSON"
    )
    assert refusal(folder_of(tmp_path / "y", b__xlsx="", c__xlsx="")) == (
        "y: no dataset can be made of 'b.xlsx', 'c.xlsx' in the folder; give a file, or a glob "
        "such as 'y/*.xlsx'"
    )


def test_files_of_other_formats_are_the_librarys(tmp_path: Path) -> None:
    """An Arrow file, streamed."""
    dataset().save_to_disk(tmp_path / "saved")
    folder = folder_of(tmp_path / "x")
    shutil.copy(next((tmp_path / "saved").glob("*.arrow")), folder / "train.arrow")

    assert rows_of(folder) == ROWS


def test_a_configuration_can_be_named(tmp_path: Path) -> None:
    """And must be where there are several."""
    files = {"README__md": CONFIGURATIONS, "one__jsonl": '{"a": 1}', "two__jsonl": '{"a": 2}'}
    folder = folder_of(tmp_path / "x", **files)

    assert rows_of(folder, configuration="two") == [{"a": 2}]
    message = "x: the dataset has several configurations, 'one', 'two'; choose one with --name"
    assert message == refusal(folder)
    assert (
        refusal(folder, configuration="six")
        == "x: no configuration 'six'; the dataset has 'one', 'two'"
    )


def test_a_loading_script_is_refused_and_not_run(tmp_path: Path) -> None:
    """Whatever data lies beside it."""
    ran = tmp_path / "ran"
    script = f"open({str(ran)!r}, 'w')"
    folder = folder_of(tmp_path / "x", x__py=script, train__csv="a,b\n1,2\n")

    assert refusal(folder).startswith("x: the dataset is made by a script, x.py, which is not run")
    assert not ran.exists()


def test_what_is_no_dataset_is_refused(tmp_path: Path) -> None:
    """In one line with the reason."""
    dataset().save_to_disk(tmp_path / "one")
    datasets.DatasetDict({"a": dataset(), "b": dataset()}).save_to_disk(tmp_path / "two")
    shutil.copytree(tmp_path / "one", tmp_path / "broken")
    for file in (tmp_path / "broken").glob("*.arrow"):
        file.write_bytes(file.read_bytes()[:100])

    several = "two: the dataset has several splits, 'a', 'b'; choose one with --split"
    assert several == refusal(tmp_path / "two")
    assert refusal(tmp_path / "two", split="c") == "two: no split 'c'; the dataset has 'a', 'b'"
    assert refusal(tmp_path / "one", split="a").startswith("one: a single dataset, which has no")
    assert refusal(tmp_path / "broken").startswith("broken: the dataset cannot be read (")


def test_folder_and_file_are_told_apart(tmp_path: Path) -> None:
    """Where a format is named that is the other's."""
    folder = folder_of(tmp_path / "x", a__csv="a,b\n1,2\n")

    assert refusal(folder, "csv") == "x: a folder; expected a csv file"
    assert refusal(folder / "a.csv", "dataset") == "a.csv: a file; --from dataset expects a folder"

"""Parquet: values as they are typed, class names, and damaged files."""

import io
from datetime import date, datetime
from pathlib import Path

import datasets
import pyarrow
import pytest
from pyarrow import parquet
from tables import head_of, outline, refusal, rows_of, write


def as_parquet(table: pyarrow.Table, **options: object) -> bytes:
    stream = io.BytesIO()
    parquet.write_table(table, stream, **options)
    return stream.getvalue()


ONE = as_parquet(pyarrow.table({"a": ["x" * 100]}))


def test_values_are_pythons_own(tmp_path: Path) -> None:
    """Nested values, bytes, dates and missing values; nanoseconds are kept as text."""
    times = pyarrow.timestamp("ns")
    table = pyarrow.table(
        {
            "text": ["00123", None],
            "list": [[{"role": "user"}], []],
            "bytes": [b"\xff", b""],
            "day": [date(2024, 1, 5), None],
            "time": pyarrow.array([1_000_000_000, None], times),
            "class": pyarrow.array(["u", "v"]).dictionary_encode(),
        }
    )

    assert [
        {
            "text": "00123", "list": [{"role": "user"}], "bytes": b"\xff",
            "day": date(2024, 1, 5), "time": datetime(1970, 1, 1, 0, 0, 1), "class": "u",
        },
        {"text": None, "list": [], "bytes": b"", "day": None, "time": None, "class": "v"},
    ] == rows_of(write(tmp_path, "x.parquet", as_parquet(table)))  # fmt: skip

    table = pyarrow.table({"time": pyarrow.array([1], times)})
    path = write(tmp_path, "x.parquet", as_parquet(table))
    assert rows_of(path) == [{"time": "1970-01-01 00:00:00.000000001"}]


def test_numbers_of_32_bits_keep_their_digits(tmp_path: Path) -> None:
    """What was written as 0.1 is 0.1 again; every number rounds to the one in the file."""
    numbers = [0.1, 1 / 3, 1e-45, 3.4e38, 16777217.0, -2.0, float("inf"), None]
    column = pyarrow.array(numbers, pyarrow.float32())
    path = write(tmp_path, "x.parquet", as_parquet(pyarrow.table({"a": column})))

    values = [row["a"] for row in rows_of(path)]

    assert values == [0.1, 0.33333334, 1e-45, 3.4e38, 16777216.0, -2.0, float("inf"), None]
    assert column == pyarrow.array(values, pyarrow.float32())


def test_class_names_take_the_place_of_numbers(tmp_path: Path) -> None:
    """Where the library for datasets wrote them into the schema."""
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["neg", "pos"])}
    )
    schema = features.arrow_schema
    table = pyarrow.table({"text": ["a", "b", "c"], "label": [1, 0, -1]}, schema=schema)
    path = write(tmp_path, "x.parquet", as_parquet(table))

    assert [row["label"] for row in rows_of(path)] == ["pos", "neg", None]
    assert head_of(path).notes == ("class names in place of numbers in 'label'",)


def test_a_value_that_cannot_be_read_is_an_error_of_its_row(tmp_path: Path) -> None:
    """Text that is not UTF-8, which some writers let through."""
    offsets = pyarrow.array([0, 1, 2, 3], pyarrow.int32()).buffers()[1]
    text = pyarrow.StringArray.from_buffers(3, offsets, pyarrow.py_buffer(b"a\xffb"))
    path = write(tmp_path, "x.parquet", as_parquet(pyarrow.table({"a": text})))

    (_, first), (number, error), (_, last) = outline(path)
    assert (first, last) == ({"a": "a"}, {"a": "b"})
    assert (number, error.startswith("a value cannot be read: 'utf-8'")) == (2, True)


@pytest.mark.parametrize(
    "content",
    [ONE[: len(ONE) // 2], ONE[:4], b"hello", b"", ONE[:30] + bytes(20) + ONE[50:]],
    ids=["half", "mark", "text", "empty", "zeros"],
)
def test_a_damaged_file_is_refused(content: bytes, tmp_path: Path) -> None:
    """In one line, whether the damage shows at once or in the rows."""
    message = refusal(write(tmp_path, "x.parquet", content), "parquet")

    assert message.startswith("x.parquet: not a Parquet file, or cut short or damaged (")


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    """One of them could not be named in a template."""
    table = pyarrow.Table.from_arrays([pyarrow.array([1])] * 2, names=["a", "a"])

    message = refusal(write(tmp_path, "x.parquet", as_parquet(table)))
    assert message.startswith("x.parquet: two columns are named 'a'")


def test_progress_reaches_the_size(tmp_path: Path) -> None:
    """What the progress bar is told."""
    from tables import open_table

    from dataset_tools.sources import SourceFile

    table = pyarrow.table({"a": list(map(str, range(5000)))})
    path = write(tmp_path, "x.parquet", as_parquet(table, row_group_size=1000))
    with open_table(SourceFile("x", path)) as opened:
        told = [opened.bytes_read() for _ in opened.rows]

    assert told == sorted(told)
    assert (path.stat().st_size, opened.size) == (told[-1], path.stat().st_size)

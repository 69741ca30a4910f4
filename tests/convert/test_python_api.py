"""`convert_rows` and `lint_records`: conversion and lint for Python programs."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from dataset_tools import InputError, convert_rows, lint_records

REVIEWS = [
    {"review": "Loved it.", "sentiment": "positive"},
    {"review": "Two hours of my life, gone.", "sentiment": "negative"},
]
AS_RECORDS = [
    {"prompt": "Loved it.\n##\n", "completion": " positive\n###\n"},
    {"prompt": "Two hours of my life, gone.\n##\n", "completion": " negative\n###\n"},
]


def as_data_frame() -> object:
    import pandas as pd

    return pd.DataFrame(REVIEWS)


def as_dataset() -> object:
    import datasets

    return datasets.Dataset.from_list(REVIEWS)


def as_classes() -> object:
    import datasets

    features = datasets.Features(
        {
            "review": datasets.Value("string"),
            "sentiment": datasets.ClassLabel(names=["negative", "positive"]),
        }
    )
    return datasets.Dataset.from_list(REVIEWS, features=features)


def as_stream() -> object:
    return as_classes().to_iterable_dataset()  # type: ignore[attr-defined]


def as_arrow() -> object:
    import pyarrow as pa

    return pa.Table.from_pylist(REVIEWS)


def as_generator() -> Iterator[dict[str, str]]:
    yield from REVIEWS


@pytest.mark.parametrize(
    "make", [lambda: REVIEWS, as_data_frame, as_dataset, as_classes, as_stream, as_arrow,
             as_generator],
)  # fmt: skip
def test_rows_of_any_kind_become_the_same_records(make: object) -> None:
    """Dicts, a DataFrame, a Dataset (with class names), a stream, an Arrow table, a generator."""
    records = convert_rows(
        make(),  # type: ignore[operator]
        prompt="review",
        completion=" {sentiment}",
        separator="\n##\n",
        stop_sequence="\n###\n",
    )
    assert list(records) == AS_RECORDS


def test_shapes_are_recognised_and_rows_that_are_none_can_be_left_out() -> None:
    """Without templates the columns tell; NaN is a missing value, not the text nan."""
    import pandas as pd

    frame = pd.DataFrame({"Question": ["1?", "2?", "3?"], "Answer": ["a", None, float("nan")]})
    assert list(convert_rows(frame, strict=False)) == [{"prompt": "1?", "completion": "a"}]
    with pytest.raises(InputError, match=r"rows: row 2: column 'Answer' has no value"):
        list(convert_rows(frame))


@pytest.mark.parametrize("rows", ["text", {"prompt": ["a"]}, 7, [["a", "b"]], []])
def test_what_holds_no_rows_is_named(rows: object) -> None:
    """A text, a dict of columns, a number, lists and nothing at all are no rows."""
    with pytest.raises(InputError, match=r"^rows: "):
        list(convert_rows(rows))


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("missing", "none", "missing: found 'none', expected one of 'error', 'empty'"),
        ("turns", "all", "turns: found 'all', expected one of 'last', 'each'"),
        ("to", "txt", "to: found 'txt', expected one of None, 'prompt-completion', 'text'"),
        ("strict", "no", "strict: found 'no', expected one of True, False"),
        ("limit", -1, "limit: found -1, expected a number of rows"),
        ("limit", "3", "limit: found '3', expected a number of rows"),
        ("prompt", 5, "prompt: found 5, expected text"),
        ("separator", 5, "separator: found 5, expected text"),
    ],
)
def test_a_wrong_argument_is_named(argument: str, value: object, message: str) -> None:
    """Nothing wrong is taken for the default."""
    with pytest.raises(InputError) as caught:
        convert_rows(REVIEWS, **{argument: value})  # type: ignore[arg-type]
    assert str(caught.value).startswith(message)


def test_columns_of_one_name_are_refused() -> None:
    """Of two columns with the same name one would be lost."""
    import pandas as pd

    frame = pd.DataFrame([["x", "y", "z"]], columns=["question", "answer", "answer"])
    with pytest.raises(InputError, match="'answer' the first; rename one of them"):
        convert_rows(frame)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({1: "a", 2: "b"}, "row 1: found a key that is no text"),
        ({"prompt": 10**5000, "completion": "b"}, "row 1: column 'prompt' holds Exceeds the limit"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(row: dict[object, object], message: str) -> None:
    """Keys that are no text, and numbers too long to write."""
    with pytest.raises(InputError, match=message):
        list(convert_rows([row]))


def test_records_are_linted_as_a_file_is() -> None:
    """The finding's line is the record's number."""
    report = lint_records([*AS_RECORDS, {"prompt": "no marks", "completion": "at all"}],
                          separator="\n##\n", ignore=["DT404", "DT203"])  # fmt: skip
    assert [(each.code, each.line) for each in report.findings] == [("DT301", 3)]


def test_what_convert_gives_lint_takes() -> None:
    """The two are made for one another."""
    report = lint_records(convert_rows(as_data_frame(), prompt="review", completion="sentiment"))
    assert report.files[0].records == 2
    assert {each.severity.value for each in report.findings} == {"warning"}


def test_an_object_that_json_cannot_hold_is_named() -> None:
    """Where it stands, and what it is."""
    with pytest.raises(InputError, match=r"records: row 1: found an object of type 'object'"):
        lint_records([{"prompt": object(), "completion": "x"}])


def test_importing_the_package_imports_none_of_it() -> None:
    """`import dataset_tools` costs a program next to nothing."""
    script = "import sys, dataset_tools; print([m for m in sys.modules if 'dataset_tools.' in m])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout == b"[]\n"

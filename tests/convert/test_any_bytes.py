"""No bytes make a reader fail in another way than with one line that says what is wrong."""

import io
import json
from pathlib import Path

import openpyxl
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from tables import numbered_rows, write

from dataset_tools.errors import InputError

ROWS = [{"a": 'x, "y"\né', "b": 1.5}, {"a": "", "b": None}]


def workbook() -> bytes:
    book = openpyxl.Workbook()
    for row in (["a", "b"], ["x", 1], ["=1+1", "#N/A"]):
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def parquet_file() -> bytes:
    stream = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(ROWS), stream)
    return stream.getvalue()


SOUND = {
    "csv": b'a,b\n"x ""y"" ,\n",1\n;2\n',
    "tsv": "a\tb\né\t1\n".encode(),
    "json": json.dumps(ROWS).encode(),
    "jsonl": "".join(json.dumps(row) + "\n" for row in ROWS).encode(),
    "txt": "é\n\nx".encode(),
    "parquet": parquet_file(),
    "xlsx": workbook(),
}


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """The content with a few bytes replaced, left out or put in."""
    changed = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(changed)))
        length = draw(st.integers(0, 3) | st.integers(0, len(changed)))
        changed[start : start + length] = draw(st.binary(max_size=4))
    return bytes(changed)


@pytest.mark.parametrize("name", SOUND)
def test_damage_is_one_line(name: str, tmp_path: Path) -> None:
    """Sound content of the format, damaged here and there, and any bytes at all."""

    @given(st.binary(max_size=40) | damaged(SOUND[name]))
    def is_read_or_refused(content: bytes) -> None:
        path = write(tmp_path, f"x.{name}", content)
        for format_name in (name, None):
            try:
                numbered_rows(path, format_name)
            except InputError as error:
                assert "\n" not in str(error)

    is_read_or_refused()

"""Formats: told by name, by content, and by content where the two disagree."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest
from tables import head_of, refusal, rows_of, write

from dataset_tools.convert.readers import READERS, open_table
from dataset_tools.errors import InputError
from dataset_tools.sources import SourceFile

ROW = '{"a": "1", "b": "2"}'
DOCUMENT = f"[\n{ROW}\n]\n"
LINES = f"{ROW}\n{ROW}\n"
TABLE = "a,b\n1,2\n"
TO = {"x.parquet": "parquet", "x.xlsx": "excel"}


@pytest.mark.parametrize(
    ("name", "content", "notes"),
    [
        ("x.csv", TABLE, ()),
        ("X.CSV", TABLE, ()),
        ("x.tsv", TABLE.replace(",", "\t"), ()),
        ("x.json", DOCUMENT, ()),
        ("x.json", ROW, ()),
        ("x.json", LINES, ("read as JSON Lines, though its name says json",)),
        ("x.jsonl", LINES, ()),
        ("x.jsonl", ROW, ()),
        ("x.ndjson", LINES, ()),
        ("x.jsonl", DOCUMENT, ("read as one JSON document, though its name says jsonl",)),
        ("data", TABLE, ("read as csv (detected)",)),
        ("data", TABLE.replace(",", "\t"), ("read as tsv (detected)",)),
        ("data", LINES, ("read as jsonl (detected)",)),
        ("data", DOCUMENT, ("read as json (detected)",)),
        ("data", f"\ufeff{DOCUMENT}", ("read as json (detected)",)),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_format_is_told_by_name_or_content(
    name: str, content: str, notes: tuple[str, ...], packed: bool, tmp_path: Path
) -> None:
    """Packed or not; what was told by content is noted."""
    body = content.encode()
    path = write(tmp_path, name + ".gz" * packed, gzip.compress(body) if packed else body)

    assert rows_of(path)[0] == {"a": "1", "b": "2"}
    assert notes == head_of(path).notes


def test_a_malformed_first_line_does_not_make_a_document(tmp_path: Path) -> None:
    """The rest of the lines are read."""
    path = write(tmp_path, "x.jsonl", f"{ROW[:-1]}\n{LINES}")

    assert len([row for row in rows_or_errors(path) if isinstance(row, dict)]) == 2


def rows_or_errors(path: Path) -> list:
    from tables import outline

    return [row for _, row in outline(path)]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("x.csv", b"PAR1", "the file is a Parquet file, but its name says csv; give the right"),
        (
            "x.csv",
            b"PK\x03\x04",
            "the file is an XLSX workbook or another zip archive, but",
        ),
        (
            "x.parquet",
            b"PK\x03\x04",
            "the file is an XLSX workbook or another zip archive, but",
        ),
        ("x.xlsx", b"PAR1", "the file is a Parquet file, but its name says xlsx"),
        ("x.csv", b"<!doctype html><p>", "the file is a web page; download the data itself"),
        ("x.jsonl", b"<html>", "the file is a web page; download the data itself"),
        ("x", b"version https://git-lfs.github.com/spec/v1\n", "the file is a Git LFS pointer"),
        ("x.dat", b"hello\nworld\n", "neither name nor content tells the format; name it with"),
        ("x.dat", b"", "neither name nor content tells the format; name it with --from (csv, tsv"),
        ("x.csv.gz", b"\x1f\x8b\x08", "the gzip data is damaged or cut short"),
    ],
)
def test_what_contradicts_its_name_is_refused(
    name: str, content: bytes, expected: str, tmp_path: Path
) -> None:
    """With what the file is."""
    message = refusal(write(tmp_path, name, content))

    assert message.startswith(f"{name}: {expected}")


def test_a_format_that_is_named_wins_over_the_name(tmp_path: Path) -> None:
    """A table in a text file."""
    path = write(tmp_path, "x.txt", TABLE)

    assert rows_of(path) == [{"text": "a,b"}, {"text": "1,2"}]
    assert rows_of(path, "csv") == [{"a": "1", "b": "2"}]


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    """And those that are known are listed."""
    message = refusal(write(tmp_path, "x.csv", TABLE), "orc")

    assert f"no format 'orc'; expected {', '.join(READERS)}" == message


@pytest.mark.parametrize(
    ("name", "missing", "extra"),
    [("x.parquet", "pyarrow", "tables"), ("x.xlsx", "openpyxl", "tables"), ("", "datasets", "hf")],
)
def test_without_its_library_a_format_names_the_extra(
    name: str, missing: str, extra: str, tmp_path: Path
) -> None:
    """In a Python where the library cannot be imported; the other formats are read."""
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from pathlib import Path\n"
        "from tables import refusal, rows_of, write\n"
        f"folder, name = Path(sys.argv[1]), {name!r}\n"
        f"assert rows_of(write(folder, 'x.csv', {TABLE!r}))\n"
        "content = {'x.parquet': b'PAR1', 'x.xlsx': b'PK\\x03\\x04'}.get(name)\n"
        "print(refusal(write(folder, name, content) if name else folder))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=Path(__file__).parent, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert run.stdout.endswith(f"needs an extra: pip install 'axolotl-replicate[{extra}]'\n")


@pytest.mark.parametrize(
    ("stored", "content", "notes"),
    [
        ("spooled.jsonl", TABLE, ("read as csv (detected)",)),
        ("spooled.jsonl", DOCUMENT, ("read as json (detected)",)),
        ("spooled.jsonl", LINES, ()),
        ("spooled.jsonl", ROW, ()),
        ("spooled.jsonl", f"{ROW[:-1]}\n{LINES}", ()),
        ("sheet.csv", TABLE, ()),
    ],
)
def test_content_tells_what_the_source_does_not(
    stored: str, content: str, notes: tuple[str, ...], tmp_path: Path
) -> None:
    """What it is stored as by default says nothing; the name of a download does."""
    source = SourceFile("https://example.org/export", write(tmp_path, stored, content))

    with open_table(source) as table:
        rows = [row for _, row in table.rows if isinstance(row, dict)]
    assert (rows[0], table.notes) == ({"a": "1", "b": "2"}, notes)


@pytest.mark.parametrize("name", ["x.parquet", "x.xlsx"])
def test_binary_formats_are_told_by_content(name: str, tmp_path: Path) -> None:
    """Whatever a source that cannot tell stores them as."""
    import pandas

    getattr(pandas.DataFrame([{"a": "1"}]), f"to_{TO[name]}")(tmp_path / name, index=False)
    path = (tmp_path / name).rename(tmp_path / "spooled.jsonl")

    with open_table(SourceFile("<stdin>", path)) as table:
        assert [row for _, row in table.rows] == [{"a": "1"}]


def test_what_an_unnamed_source_holds_may_be_unknown(tmp_path: Path) -> None:
    """Then the format has to be named; of nothing at all, that there are no rows is said."""
    with pytest.raises(InputError, match="neither name nor content tells the format"):
        open_table(SourceFile("<stdin>", write(tmp_path, "spooled.jsonl", "hello"))).__enter__()
    with pytest.raises(InputError, match="the file holds no rows"):
        open_table(SourceFile("<stdin>", write(tmp_path, "spooled.jsonl", ""))).__enter__()

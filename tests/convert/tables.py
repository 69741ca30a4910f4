"""Reads tables for the tests of the readers, and gives what they hold as plain values."""

from pathlib import Path

from dataset_tools.convert.readers import open_table
from dataset_tools.convert.table import ReadOptions, RowError, Table
from dataset_tools.errors import InputError
from dataset_tools.sources import SourceFile


def write(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows_of(path: Path, format_name: str | None = None, **options: object) -> list[dict]:
    """The rows, none of which may be an error."""
    rows = [row for _, row in numbered_rows(path, format_name, **options)]
    assert not [row for row in rows if isinstance(row, RowError)]
    return rows


def numbered_rows(path: Path, format_name: str | None = None, **options: object) -> list[tuple]:
    """Rows and errors with their numbers."""
    with _opened(path, format_name, options) as table:
        return list(table.rows)


def outline(path: Path, format_name: str | None = None, **options: object) -> list[tuple]:
    """The same, errors as their text."""
    return [
        (number, str(row) if isinstance(row, RowError) else row)
        for number, row in numbered_rows(path, format_name, **options)
    ]


def head_of(path: Path, format_name: str | None = None, **options: object) -> Table:
    """The table, of which no more rows can be read."""
    with _opened(path, format_name, options) as table:
        return table


def refusal(path: Path, format_name: str | None = None, **options: object) -> str:
    """The text of the InputError that reading raises, in one line."""
    try:
        rows = numbered_rows(path, format_name, **options)
    except InputError as error:
        assert "\n" not in str(error)
        return str(error)
    raise AssertionError(f"read as {rows}")


def _opened(path: Path, format_name: str | None, options: dict):
    return open_table(SourceFile(path.name, path), format_name, ReadOptions(**options))

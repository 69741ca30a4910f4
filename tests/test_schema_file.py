"""Schema files: what is no JSON Schema is one line that names the file."""

from pathlib import Path

import pytest

from dataset_tools.errors import InputError
from dataset_tools.lint.schema_file import read_schema


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("true", True),
        ('{"type": "object"}', {"type": "object"}),
        ('\ufeff{"enum": [1]}', {"enum": [1]}),
    ],
)
def test_a_sound_schema_is_read(content: str, expected: object, tmp_path: Path) -> None:
    """Objects and booleans are schemas; a byte order mark is no part of one."""
    path = tmp_path / "schema.json"
    path.write_text(content, encoding="utf-8")

    assert expected == read_schema(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{\n"type" "object"}', ":2:8: not a JSON Schema: malformed JSON"),
        (b"\xff", "not a JSON Schema: "),
        (b"[" * 100_000, "nested too deep"),
        (b'{"minimum": %s}' % (b"9" * 5000), "not a JSON Schema: "),
        (b"[]", "found [], expected an object"),
        (b'{"type": "objekt"}', "not a valid JSON Schema: at /type: 'objekt'"),
        (b'{"properties": {"a": {"type": 5}}}', "at /properties/a/type: 5"),
        (
            b'{"$schema": "http://json-schema.org/draft-04/schema#", "exclusiveMinimum": 1}',
            "at /exclusiveMinimum: 1 is not of type 'boolean'",
        ),
        (b'{"not": ' * 800 + b"1" + b"}" * 800, "nested too deep to check"),
    ],
    ids=["JSON", "UTF-8", "deep", "number", "list", "type", "nested type", "draft 4", "deep check"],
)
def test_what_is_no_schema_is_named(content: bytes, words: str, tmp_path: Path) -> None:
    """One line says which file it is, where in it, and what is wrong."""
    path = tmp_path / "schema.json"
    path.write_bytes(content)

    with pytest.raises(InputError) as refused:
        read_schema(path)

    assert str(refused.value).startswith(str(path))
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_schema_is_named(tmp_path: Path) -> None:
    """A file that is not there is one line."""
    with pytest.raises(InputError, match=r"none\.json: cannot be read: No such file"):
        read_schema(tmp_path / "none.json")

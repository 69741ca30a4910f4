"""The JSON Schema that completions are to follow, read from a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dataset_tools.errors import InputError
from dataset_tools.json_file import read_json


def read_schema(path: Path) -> Mapping[str, Any] | bool:
    """The schema: an object, or true or false, which JSON Schema allows as well.

    The draft is the one that `$schema` names, else 2020-12. Raises InputError where the file
    cannot be read, is not JSON, or is not a valid schema.
    """
    schema = read_json(path, "a JSON Schema")
    if not isinstance(schema, dict | bool):
        raise InputError(f"{path}: not a JSON Schema: found {schema!r:.40}, expected an object")
    _check(schema, path)
    return schema


def _check(schema: dict[str, Any] | bool, path: Path) -> None:
    from jsonschema import Draft202012Validator, SchemaError
    from jsonschema.validators import validator_for

    try:
        validator_for(schema, default=Draft202012Validator).check_schema(schema)  # type: ignore[arg-type]  # a bool is a schema too
    except SchemaError as error:
        place = "".join(f"/{part}" for part in error.absolute_path) or "the top level"
        raise InputError(
            f"{path}: not a valid JSON Schema: at {place}: {error.message:.200}"
        ) from error
    except RecursionError as error:
        raise InputError(f"{path}: not a JSON Schema: nested too deep to check") from error

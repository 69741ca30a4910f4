"""JSON files that a user names, read whole."""

import json
from pathlib import Path
from typing import Any

from dataset_tools.errors import InputError


def read_json(path: Path, what: str, hint_if_missing: str = "") -> Any:
    """The file's one JSON value; `what` says, with its article, what the file should be.

    UTF-8, UTF-16 or UTF-32, as `json.loads` tells them apart. Raises InputError where the file
    cannot be read or is not JSON.
    """
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        hint = hint_if_missing if isinstance(error, FileNotFoundError) else ""
        raise InputError(f"{path}: cannot be read: {error.strerror or error}{hint}") from error
    except json.JSONDecodeError as error:
        place = f"{path}:{error.lineno}:{error.colno}"
        raise InputError(f"{place}: not {what}: malformed JSON: {error.msg}") from error
    except RecursionError as error:
        raise InputError(f"{path}: not {what}: nested too deep to read") from error
    except ValueError as error:  # undecodable bytes, or a number of thousands of digits
        raise InputError(f"{path}: not {what}: {error}") from error

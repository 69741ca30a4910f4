"""A completion does not follow the JSON Schema that was given."""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from dataset_tools.errors import InputError
from dataset_tools.json_scanner import scan_line
from dataset_tools.printable import elided
from dataset_tools.quotes import without_secrets, without_secrets_of
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.rule import FileContext, Problem, Rule

_CHARACTERS_SHOWN = 20
_LONGEST_OFFENDER = 40  # characters of a value that a message shows


class SchemaViolated(Rule):
    r"""## What it does

    With `--schema`, reads each completion, without the stop sequence and the white space around
    it, as JSON and checks it against the schema. Names the worst violation and its path, or the
    character at which the completion stops being JSON. References to schemas elsewhere are not
    fetched. Text files and blank completions (DT201) are left out.

    ## Why it hurts

    The model answers in the shape it was shown: a missing field or a half-closed brace comes back
    in answers that a program has to read.

    ## Example

    With the schema `{"type": "object", "required": ["name", "total"]}`:

    ```json
    {"prompt": "Invoice 17, Ada, 12.50", "completion": "{\"name\": \"Ada\"}"}
    ```

    ## Use instead

    ```json
    {"prompt": "Invoice 17, Ada, 12.50", "completion": "{\"name\": \"Ada\", \"total\": 12.5}"}
    ```

    ## Options

    `--schema FILE`, a JSON Schema: draft 2020-12, or the one its `$schema` names.

    ## Source

    JSON Schema, draft 2020-12, https://json-schema.org/draft/2020-12; RFC 8259 for what JSON is.
    """

    code = "DT110"
    name = "completion violates the schema"

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.validator: Any = None  # built by the first record of each process

    def __getstate__(self) -> dict[str, object]:
        return {**super().__getstate__(), "validator": None}

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        if self.context.inputs.schema is None or not batch.prompts:
            return ()
        return range(len(batch))

    def check_record(self, record: Record) -> Iterable[Problem]:
        schema = self.context.inputs.schema
        if schema is None or record.prompt is None:
            return
        bare = self.context.prompt_format.bare_completion(record.completion)
        text = bare.strip()
        if not text:
            return
        try:
            value = _parsed(text)
        except _NotJsonError as stopped:
            start = len(bare) - len(bare.lstrip())
            yield Problem(
                f"the completion is not JSON: {stopped}",
                key="completion",
                offset=start + stopped.at,
            )
            return
        violation = self._violation(schema, value)
        if violation is not None:
            yield Problem(f"the completion violates the schema {violation}", key="completion")

    def _violation(self, schema: Any, value: object) -> str | None:
        """Where and how the value violates the schema, or None where it does not."""
        from jsonschema.exceptions import best_match
        from referencing.exceptions import Unresolvable

        if self.validator is None:
            self.validator = _validator(schema)
        try:
            error = best_match(self.validator.iter_errors(value))
        except Unresolvable as missing:
            raise InputError(
                f"the schema: the reference '{elided(str(missing.ref))}' leads to no part of the "
                "schema, and schemas elsewhere are not fetched; put what it refers to under '$defs'"
            ) from missing
        except re.error as failure:
            raise InputError(
                f"the schema: '{elided(str(failure.pattern))}' is not a regular expression that "
                f"can be used: {failure}"
            ) from failure
        except RecursionError:
            return "or cannot be checked: value or schema is nested too deep"
        if error is None:
            return None
        texts = list(_strings_of(value))
        offender, message, path = (
            without_secrets_of(texts, each)
            for each in (repr(error.instance), error.message, error.json_path)
        )
        if len(offender) > _LONGEST_OFFENDER:
            message = message.replace(offender, f"{offender[:_LONGEST_OFFENDER]}…", 1)
        return f"at {elided(path)}: {elided(message[:1].lower() + message[1:])}"


def _validator(schema: Any) -> Any:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for
    from jsonschema_specifications import REGISTRY

    # a registry of our own: the default one would fetch what a reference names
    return validator_for(schema, default=Draft202012Validator)(schema, registry=REGISTRY)


def _strings_of(value: object) -> Iterator[str]:
    """All strings of a JSON value, keys included."""
    pending = [value]
    for each in pending:  # grows meanwhile
        if isinstance(each, str):
            yield each
        elif isinstance(each, list):
            pending += each
        elif isinstance(each, dict):
            pending += [*each, *each.values()]


class _NotJsonError(Exception):
    def __init__(self, at: int, what: str) -> None:
        super().__init__(what)
        self.at = at


def _parsed(text: str) -> object:
    """The JSON value; raises _NotJsonError with the place where it stops being one."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        found = without_secrets(text[error.pos :])[:_CHARACTERS_SHOWN]
        shown = repr(found) if found else "the end"
        what = f"{error.msg[:1].lower()}{error.msg[1:]} at character {error.pos + 1}, found {shown}"
        raise _NotJsonError(error.pos, what) from None
    except _ConstantError as error:
        at = next((constant.at for constant in scan_line(text).constants), 0)
        raise _NotJsonError(at, f"'{error}' at character {at + 1} is no JSON number") from None
    except RecursionError:
        raise _NotJsonError(0, "it is nested too deep to read") from None
    except ValueError:
        raise _NotJsonError(0, "it holds a number too long to read") from None


class _ConstantError(Exception):
    """NaN or Infinity, which Python reads and JSON does not have."""


def _refuse(constant: str) -> object:
    raise _ConstantError(constant)

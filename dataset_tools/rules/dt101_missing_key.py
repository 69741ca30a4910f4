"""A required key is missing."""

import json
from collections.abc import Collection, Iterable
from itertools import islice

from dataset_tools.quotes import quotable
from dataset_tools.record_batch import OddLine
from dataset_tools.records import REQUIRED_KEYS, format_of_keys
from dataset_tools.rules.line_members import members_by_key
from dataset_tools.rules.rule import FileContext, Problem, Rule

_KEYS_SHOWN = 5
_SHAPES_REMEMBERED = 100  # sets of keys; a file has few, or is no table


class MissingKey(Rule):
    """## What it does

    Reports an object that lacks a key its format requires: `prompt` and `completion`, or `text`.
    Where its keys are of another known shape, such as chats in `messages`, it says so:
    `dataset-tools convert` makes records of those.

    ## Why it hurts

    Some trainers abort, others train on the word `None`.

    ## Example

    ```json
    {"prompt": "2 + 2 ="}
    ```

    ## Use instead

    ```json
    {"prompt": "2 + 2 =", "completion": " 4"}
    ```

    ## Source

    The record formats of Replicate's and OpenAI's fine-tuning guides.
    """

    code = "DT101"
    name = "required key missing"

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self._hints: dict[tuple[str, ...], str] = {}

    def check_line(self, line: OddLine) -> Iterable[Problem]:
        members = members_by_key(line)
        if members is None:
            return
        wanted = self.context.record_format
        if format_of_keys(members) not in (wanted, None):
            return  # DT105: the line is of the other format
        spelt_otherwise = {key.lower() for key in members if key not in REQUIRED_KEYS[wanted]}
        missing = [
            key
            for key in REQUIRED_KEYS[wanted]
            if key not in members and key not in spelt_otherwise  # else DT108
        ]
        hint = ""
        if len(missing) == len(REQUIRED_KEYS[wanted]):
            hint = self._hint(tuple(members), line.text)
        for key in missing:
            yield Problem(f"required key '{key}' is missing, found {_named(members)}{hint}")

    def _hint(self, keys: tuple[str, ...], text: str) -> str:
        """What converts an object of another shape; the first one with its keys tells for all."""
        if keys not in self._hints and len(self._hints) < _SHAPES_REMEMBERED:
            shape = _shape_of(text)
            self._hints[keys] = (
                f"; {shape}: dataset-tools convert makes records of them" if shape else ""
            )
        return self._hints.get(keys, "")


def _shape_of(text: str) -> str | None:
    """The shape that `convert` knows the object by."""
    from dataset_tools.convert.shapes import ShapeChoices, recognise_shape

    row = json.loads(text)
    shape = recognise_shape(row, row, ShapeChoices(chosen_only=True))
    return shape.name if shape else None


def _named(keys: Collection[str]) -> str:
    """The first keys, quoted, and how many more there are."""
    shown = ", ".join(f"'{quotable(key)}'" for key in islice(keys, _KEYS_SHOWN)) or "no key"
    return shown if len(keys) <= _KEYS_SHOWN else f"{shown} and {len(keys) - _KEYS_SHOWN} more"

"""What Python programs call: `from dataset_tools import convert_rows, lint_records`."""

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

from dataset_tools.convert.chat.template import PLAIN, load_chat_template
from dataset_tools.convert.conversion import Conversion, Outcome, convert_table
from dataset_tools.convert.rows import table_of
from dataset_tools.convert.shapes import ShapeChoices
from dataset_tools.convert.shapes.shape import Turns
from dataset_tools.convert.table import RowError
from dataset_tools.convert.values import MissingPolicy
from dataset_tools.errors import InputError
from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.lint.settings import GivenMark, choose_rules
from dataset_tools.records import RecordFormat
from dataset_tools.sources import SourceFile


def convert_rows(
    rows: Any,
    *,
    prompt: str | None = None,
    completion: str | None = None,
    text: str | None = None,
    weight: str | None = None,
    to: RecordFormat | None = None,
    separator: str | None = None,
    stop_sequence: str = "",
    missing: MissingPolicy = "error",
    turns: Turns = "last",
    chat_template: str = PLAIN,
    chosen_only: bool = False,
    strict: bool = True,
    limit: int | None = None,
) -> Iterator[dict[str, str | float]]:
    """The training records of rows, one after the other, as `dataset-tools convert` makes them.

    `rows` is any iterable of dicts, a pandas or polars DataFrame, or a Dataset. `prompt`,
    `completion` and `text` are column names or templates with `{column}`; without any, a known
    shape of the columns is recognised. Raises InputError at the first row that cannot be a record;
    with `strict=False` such rows are left out.
    """
    texts = {"prompt": prompt, "completion": completion, "text": text, "weight": weight,
             "separator": separator, "stop_sequence": stop_sequence}  # fmt: skip
    for name, value in texts.items():
        if value is not None and not isinstance(value, str):
            raise InputError(f"{name}: found {value!r}, expected text")
    _check_choice("to", to, (None, *get_args(RecordFormat)))
    _check_choice("missing", missing, get_args(MissingPolicy))
    _check_choice("turns", turns, get_args(Turns))
    _check_choice("strict", strict, (True, False))
    _check_choice("chosen_only", chosen_only, (True, False))
    if limit is not None and (type(limit) is not int or limit < 1):
        raise InputError(f"limit: found {limit!r}, expected a number of rows, 1 or more, or None")
    conversion = Conversion(
        prompt=prompt,
        completion=completion,
        text=text,
        weight=weight,
        target=to,
        separator=separator,
        stop_sequence=stop_sequence,
        choices=ShapeChoices(missing, turns, load_chat_template(chat_template), chosen_only),
        is_strict=strict,
        limit=limit,
    )
    table = table_of(rows, "rows")
    return (record.as_json_object() for record in convert_table(table, conversion, Outcome()))


def lint_records(
    records: Any,
    *,
    separator: str | None = None,
    stop_sequence: str | None = None,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
) -> LintReport:
    """Lint's report on records that are Python objects: the finding's line is the record's number.

    `records` is what `convert_rows` takes, in the form of training records. Without `separator`
    and `stop_sequence` both are inferred. Raises InputError for an unknown rule code, and for
    objects that JSON cannot hold.
    """

    def given(mark: str | None) -> GivenMark | None:
        return None if mark is None else GivenMark(mark, "flag")

    settings = LintSettings(given(separator), given(stop_sequence), choose_rules(select, ignore))
    report = LintReport()
    with tempfile.TemporaryDirectory(prefix="dataset-tools-") as folder:
        path = Path(folder, "records.jsonl")
        with path.open("w", encoding="ascii") as lines:
            for number, record in table_of(records, "records").rows:
                if isinstance(record, RowError):
                    raise InputError(f"records: row {number}: {record}")
                lines.write(_as_line(record, number))
        check_source(SourceFile("records", path), settings, report)
    return report


def _check_choice(name: str, value: object, choices: Sequence[object]) -> None:
    if value not in choices:
        expected = ", ".join(map(repr, choices))
        raise InputError(f"{name}: found {value!r}, expected one of {expected}")


def _as_line(record: Any, number: int) -> str:
    try:
        return json.dumps(record, default=_plain) + "\n"
    except (TypeError, ValueError) as error:
        raise InputError(f"records: row {number}: {error}, expected what JSON can hold") from error


def _plain(value: Any) -> object:
    """What a number or an array of numpy's is to Python."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"found an object of type '{type(value).__name__}'")

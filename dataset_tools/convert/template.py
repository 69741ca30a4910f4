"""Templates: text with `{column}` where a row's value goes; a bare column name is one, too.

Braces that are meant as such are doubled. Nothing else has a meaning: `{a.b}` is the column `a.b`.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from dataset_tools.convert.table import Row
from dataset_tools.convert.values import MissingPolicy, column_text, shown_name
from dataset_tools.errors import InputError
from dataset_tools.printable import elided, printable

_PIECES = re.compile(r"(\{\{|\}\}|\{[^{}]*\}|[{}])")
_MOST_NAMED = 20  # columns that a message lists


@dataclass(frozen=True, slots=True)
class Template:
    """Literal texts and columns by turns; `columns[i]` follows `literals[i]`."""

    literals: tuple[str, ...]  # one more than columns
    columns: tuple[str, ...]

    def render(self, row: Row, missing: MissingPolicy = "error") -> str:
        """The text for a row; raises RowError where a value is missing that must not be."""
        if not self.columns:
            return self.literals[0]
        parts = [self.literals[0]]
        for column, literal in zip(self.columns, self.literals[1:], strict=True):
            parts += (column_text(row, column, missing), literal)
        return "".join(parts)


def parse_template(text: str, columns: Collection[str], name: str) -> Template:
    """The template that a text means for a table with these columns.

    `name` is how messages call it: the flag or argument. Raises InputError for a column that is
    not there, and for a brace that neither opens nor closes a column's name.
    """
    if text in columns:
        return Template(("", ""), (text,))
    literals, wanted = [""], []
    at = 0
    for piece in _PIECES.split(text):
        if piece in ("{{", "}}"):
            literals[-1] += piece[0]
        elif piece in ("{", "}"):
            raise InputError(
                f"{name}: a single {piece!r} at character {at + 1}; write {piece * 2!r} for a "
                "brace, and {column} for a value"
            )
        elif piece.startswith("{"):
            wanted.append(piece[1:-1])
            literals.append("")
        else:
            literals[-1] += piece
        at += len(piece)
    if text and not wanted:
        raise _no_such_column(text, columns, name, "; a template holds at least one {column}")
    for column in wanted:
        if column not in columns:
            raise _no_such_column(column, columns, name)
    return Template(tuple(literals), tuple(wanted))


def column_named(column: str, columns: Collection[str], name: str) -> str:
    """The column itself; raises InputError where the table has none of that name."""
    if column not in columns:
        raise _no_such_column(column, columns, name)
    return column


def listed(columns: Collection[str]) -> str:
    """The columns as messages list them."""
    names: Sequence[str] = [shown_name(column) for column in columns]
    rest = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _no_such_column(column: str, columns: Collection[str], name: str, hint: str = "") -> InputError:
    by_lower_case = {each.lower(): each for each in columns}
    close = get_close_matches(column.lower(), by_lower_case, n=1)
    meant = f"; did you mean {shown_name(by_lower_case[close[0]])}?" if close else ""
    return InputError(
        f"{name}: there is no column {elided(printable(column))!r}; "
        f"the columns are {listed(columns)}{hint}{meant}"
    )

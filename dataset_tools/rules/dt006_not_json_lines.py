"""The file is not JSON Lines at all."""

import json
import re
from collections.abc import Iterable
from itertools import islice

from dataset_tools.file_content import BINARY_FORMATS, binary_format, stand_in_for_data
from dataset_tools.json_scanner import scan_line
from dataset_tools.lines import UTF8_BOM
from dataset_tools.rules.rule import Problem, Rule

_ARRAY_OF_OBJECTS = re.compile(r"\[\s*\{")
_CONVERT = "convert it with: dataset-tools convert IN -o OUT.jsonl"
_DOCUMENTS_TO_LINES = "jq -c . IN > OUT.jsonl"
_DELIMITERS = {",": "CSV", "\t": "TSV", ";": "CSV with semicolons"}


class NotJsonLines(Rule):
    """## What it does

    Reports a file that is something else than JSON Lines: a JSON array, JSON documents spread
    over many lines, CSV or TSV, a web page, Parquet, a Git LFS pointer. It says which, and how to
    convert it. No other rule is then applied to the file.

    ## Why it hurts

    Read line by line, every line of such a file looks malformed; the one message that helps is
    what the file really is. A web page usually means that a link leads to a page about the file
    or to a login rather than to the data; a Git LFS pointer stands for data not fetched yet.

    ## Example

    ```json
    [
      {"prompt": "2 + 2 =", "completion": " 4"}
    ]
    ```

    ## Use instead

    ```json
    {"prompt": "2 + 2 =", "completion": " 4"}
    ```

    ## Source

    The JSON Lines format (jsonlines.org): one JSON value a line, no enclosing array.
    """

    code = "DT006"
    name = "not JSON Lines"
    ends_the_check = True

    def check_head(self, head: bytes) -> Iterable[Problem]:
        what = _other_format(head.removeprefix(UTF8_BOM))
        if what is not None:
            yield Problem(f"not JSON Lines: {what}", line=1)


def _other_format(head: bytes) -> str | None:
    """What the file is, and how to convert it; None where it may be JSON Lines."""
    binary = binary_format(head)
    if binary is not None:
        return f"the file is {BINARY_FORMATS[binary]}; {_CONVERT}"
    stand_in = stand_in_for_data(head)
    if stand_in is not None:
        return f"the file is {stand_in}"
    text = head.decode(errors="replace").lstrip()
    if text.startswith(("[", "{")):
        return _json_document(text)
    return _delimited_text(text)


def _json_document(text: str) -> str | None:
    first_line, newline, rest = text.partition("\n")
    is_complete, lines = _extent(text)
    if text.startswith("["):
        if _is_json(first_line):
            is_array = not rest.strip()
        else:
            goes_on = is_complete or lines > 1 or not rest.strip()
            is_array = goes_on and _ARRAY_OF_OBJECTS.match(text) is not None
        return f"the file is one JSON array; {_CONVERT}" if is_array else None
    if newline and not _is_json(first_line) and (is_complete or lines > 2):
        if _is_several(text):
            return (
                "the file is several indented JSON documents; "
                f"convert it with jq: {_DOCUMENTS_TO_LINES}"
            )
        return f"the file is one indented JSON document; {_CONVERT}"
    return None


def _extent(text: str) -> tuple[bool, int]:
    """Whether the text is one JSON value, and over how many lines it reads as one.

    A malformed first line may read on into the second by chance, an indented document into the
    third and further.
    """
    scan = scan_line(text)
    stopped = scan.syntax_error or scan.unreadable
    read = text if stopped is None else text[: stopped.at]
    return stopped is None, read.rstrip().count("\n") + 1


def _is_several(text: str) -> bool:
    """Whether an object is followed by the beginning of another."""
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return text[end:].lstrip().startswith("{")


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _delimited_text(text: str) -> str | None:
    """CSV and the like: a header without JSON signs, then as many cells, not a JSON object."""
    import csv

    first_line = text.partition("\n")[0]
    for delimiter, kind in _DELIMITERS.items():
        if delimiter not in first_line or "{" in first_line:
            continue
        try:
            rows = list(islice(csv.reader(text.splitlines(keepends=True), delimiter=delimiter), 2))
        except csv.Error:
            continue
        if len(rows) == 2 and len(rows[0]) == len(rows[1]) > 1 and not rows[1][0].startswith("{"):
            return f"the file is {kind}; {_CONVERT}"
    return None

"""The file is not JSON Lines at all."""

import csv
import json
import re
from collections.abc import Iterable
from itertools import islice

from dataset_tools.lines import UTF8_BOM
from dataset_tools.rules.rule import Problem, Rule

_WEB_PAGE = re.compile(rb"\s*<(?:!doctype\s+html|html|head|\?xml)", re.IGNORECASE)
_ARRAY_OF_OBJECTS = re.compile(r"\[\s*\{")
_BINARY_FORMATS = {b"PAR1": "a Parquet file", b"PK\x03\x04": "a zip archive or XLSX workbook"}
_ARRAY_TO_LINES = (
    "python -c 'import json, sys; [print(json.dumps(row)) for row in json.load(sys.stdin)]' "
    "< IN > OUT.jsonl"
)
_DOCUMENT_TO_LINE = (
    "python -c 'import json, sys; print(json.dumps(json.load(sys.stdin)))' < IN > OUT.jsonl"
)
_CSV_TO_LINES = (
    "python -c 'import csv, json, sys; "
    '[print(json.dumps(row)) for row in csv.DictReader(sys.stdin, delimiter="{delimiter}")]\' '
    "< IN > OUT.jsonl"
)
_DELIMITERS = {",": "CSV", "\t": "TSV", ";": "CSV with semicolons"}


class NotJsonLines(Rule):
    """## What it does

    Reports a file that is something else than JSON Lines: a JSON array, one JSON document spread
    over many lines, CSV or TSV, a web page, Parquet. It says which, and how to convert it. No
    other rule is then applied to the file.

    ## Why it hurts

    Read line by line, every line of such a file looks malformed; the one message that helps is
    what the file really is. A web page usually means that a link leads to a page about the file
    or to a login rather than to the data.

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
    for magic, kind in _BINARY_FORMATS.items():
        if head.startswith(magic):
            return f"the file is {kind}, expected one JSON object a line"
    if _WEB_PAGE.match(head):
        return "the file is a web page; download the data itself (the raw file) instead"
    text = head.decode(errors="replace").lstrip()
    if text.startswith(("[", "{")):
        return _json_document(text)
    return _delimited_text(text)


def _json_document(text: str) -> str | None:
    first_line, newline, rest = text.partition("\n")
    if text.startswith("["):
        is_array = not rest.strip() if _is_json(first_line) else _ARRAY_OF_OBJECTS.match(text)
        return (
            f"the file is one JSON array; convert it with: {_ARRAY_TO_LINES}" if is_array else None
        )
    if newline and not _is_json(first_line) and _goes_on(first_line, rest):
        return f"the file is one indented JSON document; convert it with: {_DOCUMENT_TO_LINE}"
    return None


def _goes_on(first_line: str, rest: str) -> bool:
    """Whether line 1 ends inside an object and line 2 goes on with it rather than starting anew."""
    return first_line.rstrip().endswith(("{", "[", ",")) and not rest.lstrip().startswith("{")


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _delimited_text(text: str) -> str | None:
    """CSV and the like: a header without JSON signs, and a second row of as many cells."""
    first_line = text.partition("\n")[0]
    for delimiter, kind in _DELIMITERS.items():
        if delimiter not in first_line or "{" in first_line:
            continue
        try:
            rows = list(islice(csv.reader(text.splitlines(keepends=True), delimiter=delimiter), 2))
        except csv.Error:
            continue
        if len(rows) == 2 and len(rows[0]) == len(rows[1]) > 1:
            command = _CSV_TO_LINES.replace("{delimiter}", delimiter.replace("\t", "\\t"))
            return f"the file is {kind}; convert it with: {command}"
    return None

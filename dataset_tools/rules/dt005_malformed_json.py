"""A line is not valid JSON."""

from collections.abc import Iterable

from dataset_tools.record_batch import OddLine
from dataset_tools.rules.rule import Problem, Rule


class MalformedJson(Rule):
    """## What it does

    Reports a line that is not valid JSON, in the column where parsing stopped.

    ## Why it hurts

    Most trainers abort on it, after the model was loaded; some drop the line, some the rest of
    the file.

    ## Example

    ```json
    {"prompt": "2 + 2 =", "completion": " 4",}
    ```

    ## Use instead

    ```json
    {"prompt": "2 + 2 =", "completion": " 4"}
    ```

    Write the file with a JSON library: quotes, line breaks and backslashes in the text then come
    out escaped.

    ## Source

    RFC 8259; nothing beyond it is accepted.
    """

    code = "DT005"
    name = "malformed JSON"

    def check_line(self, line: OddLine) -> Iterable[Problem]:
        if line.scan is not None and line.scan.syntax_error is not None:
            error = line.scan.syntax_error
            yield Problem(f"malformed JSON: {error.what}", column=error.at + 1)

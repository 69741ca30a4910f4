"""A line is JSON, but not an object."""

from collections.abc import Iterable

from dataset_tools.json_scanner import Container, type_name
from dataset_tools.record_batch import OddLine
from dataset_tools.rules.rule import Problem, Rule


class NotAnObject(Rule):
    """## What it does

    Reports a line that holds an array, a string, a number, `true`, `false` or `null`.

    ## Why it hurts

    Only an object says which text is the prompt and which the completion.

    ## Example

    ```json
    ["2 + 2 =", " 4"]
    ```

    ## Use instead

    ```json
    {"prompt": "2 + 2 =", "completion": " 4"}
    ```

    ## Source

    The record formats of Replicate's and OpenAI's fine-tuning guides.
    """

    code = "DT109"
    name = "line is not a JSON object"

    def check_line(self, line: OddLine) -> Iterable[Problem]:
        scan = line.scan
        if scan is None or scan.syntax_error is not None or scan.unreadable is not None:
            return
        if scan.value != Container("object"):
            yield Problem(f"the line is {type_name(scan.value)}, expected a JSON object")

"""A string holds half a surrogate pair."""

from collections.abc import Iterable

from dataset_tools.json_scanner import lone_surrogate_at
from dataset_tools.record_batch import OddLine
from dataset_tools.rules.line_members import members_by_key
from dataset_tools.rules.rule import Problem, Rule


class LoneSurrogate(Rule):
    r"""## What it does

    Reports a string or a key with half a surrogate pair, such as `\ud83d` on its own.

    ## Why it hurts

    It is no character: it cannot be written as UTF-8, and tokenizers crash on it. It comes from
    cutting a text between the two halves of an emoji.

    ## Example

    ```json
    {"prompt": "Smile", "completion": " \ud83d"}
    ```

    ## Use instead

    ```json
    {"prompt": "Smile", "completion": " \ud83d\ude00"}
    ```

    ## Source

    RFC 8259, section 8.2: the behaviour of readers on unpaired surrogates is unpredictable.
    """

    code = "DT107"
    name = "lone surrogate"

    def check_line(self, line: OddLine) -> Iterable[Problem]:
        for key, member in (members_by_key(line) or {}).items():
            if lone_surrogate_at(key) is not None:
                yield Problem("the key holds a lone surrogate", column=member.key_at + 1)
            if not isinstance(member.value, str):
                continue
            at = lone_surrogate_at(member.value)
            if at is not None:
                escape = f"\\u{ord(member.value[at]):04x}"
                yield Problem(
                    f"'{escape}' is half a surrogate pair, expected a whole character",
                    key=key,
                    offset=at,
                )

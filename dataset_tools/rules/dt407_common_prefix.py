"""All prompts, or all completions, of a file begin with the same long text."""

import re
from collections.abc import Iterable
from typing import Self

from dataset_tools.findings import Severity
from dataset_tools.printable import elided
from dataset_tools.quotes import without_secret_at_end
from dataset_tools.record_batch import RecordBatch
from dataset_tools.rules.rule import FileContext, Problem, RecordLookup, Rule, RuleOption

FEWEST_CHARACTERS = RuleOption(
    "min-common-prefix", 40, 1, None, "Shortest beginning common to all that draws a DT407."
)
FEWEST_RECORDS = 3  # two may begin alike by chance

# only at its first character is a run of white space tried, else a long one would take forever
_TEMPLATE = re.compile(
    r"(?:(?<!\s)\s+)?(?:<\|[^|<>\s]+\|>(?:(?:system|user|assistant)\b)?|<</?SYS>>|\[/?INST\]|</?s>)\s*"
)
_DOCUMENT_STARTS = ("{", "[", "<", "```")


class CommonPrefix(Rule):
    """## What it does

    Reports a file of three records or more in which all prompts, or all completions, begin with
    the same 40 characters or more. The signs of chat templates don't count.
    Completions that are documents, such as JSON or XML, begin as their kind demands, and texts
    that are identical from end to end belong to DT406.

    ## Why it hurts

    Every record spends tokens on words that tell the model nothing, and longer prompts leave less
    room. A fine-tuned model needs no instruction that never changes; a completion's fixed
    beginning is cheaper written by the caller.

    ## Example

    ```json
    {"prompt": "You are given a customer review. Say how it was meant: Lovely!", "completion": "+"}
    ```

    ## Use instead

    ```json
    {"prompt": "Lovely!", "completion": "+"}
    ```

    The inference prompt then goes without it too. Where the instruction is to stay, as in data
    mixed from several tasks, ignore the rule.

    ## Options

    `--min-common-prefix N`, 40 characters unless given.

    ## Source

    Azure OpenAI's guide to preparing a dataset: prompts need no detailed instructions. OpenAI's
    data preparation tool (`openai tools fine_tunes.prepare_data`, openai 0.28) offers to remove
    beginnings that all prompts or all completions share.
    """

    code = "DT407"
    name = "long prefix common to all prompts or all completions"
    severity = Severity.WARNING
    options = (FEWEST_CHARACTERS,)

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.fewest = int(context.option(FEWEST_CHARACTERS))
        self.count = 0
        # what all texts under a key begin with; empty once it is too short to matter
        self.prefixes: dict[str, str] = {}
        self.longest: dict[str, int] = {}  # characters of a text; tells whether they are identical

    def observe(self, batch: RecordBatch) -> None:
        if not batch.prompts:
            return
        self.count += len(batch)
        for key, column in (("prompt", batch.prompts), ("completion", batch.completions)):
            # the smallest and the largest text have in common what all have, and mostly two tell
            for texts in ([column[0], column[-1]], column):
                if self.prefixes.get(key) != "":
                    prefix = _common_start(min(texts), max(texts))
                    self._add(key, prefix, max(map(len, texts)))

    def merge(self, later: Self, lines_before: int) -> None:
        self.count += later.count
        for key, prefix in later.prefixes.items():
            self._add(key, prefix, later.longest[key])

    def _add(self, key: str, prefix: str, longest: int) -> None:
        common = _common_start(self.prefixes.get(key, prefix), prefix)
        self.prefixes[key] = common if len(common) >= self.fewest else ""
        self.longest[key] = max(self.longest.get(key, 0), longest)

    def conclude(self, records: RecordLookup) -> Iterable[Problem]:
        for key, prefix in self.prefixes.items():
            if self.count >= FEWEST_RECORDS and self._is_telling(key, prefix):
                yield Problem(
                    f"all {self.count} {key}s begin with the same {len(prefix)} characters, "
                    f"{elided(without_secret_at_end(prefix))!r}",
                    line=1,
                )

    def _is_telling(self, key: str, prefix: str) -> bool:
        if key == "completion" and prefix.lstrip().startswith(_DOCUMENT_STARTS):
            return False
        context = self.context
        mark = context.separator if key == "prompt" else context.stop_sequence
        is_whole_text = self.longest[key] - len(prefix) <= len(mark.text if mark else "")
        return not is_whole_text and len(_TEMPLATE.sub("", prefix)) >= self.fewest


def _common_start(first: str, second: str) -> str:
    if first == second:
        return first
    same, rest = 0, min(len(first), len(second))  # same so far, and the most that can be
    while same < rest:
        middle = (same + rest + 1) // 2
        if second.startswith(first[same:middle], same):
            same = middle
        else:
            rest = middle - 1
    return first[:same]

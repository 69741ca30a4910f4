"""A template's placeholder was left in a text."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from dataset_tools.findings import Severity
from dataset_tools.marks import FEWEST_CARRIERS, STRUCTURE
from dataset_tools.quotes import quotable
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.rule import FileContext, Problem, Rule
from dataset_tools.rules.text_edges import matching, thinned

# the columns of common data sets and the variables of common prompt templates
_FIELDS = (
    "prompt|completion|instructions?|inputs?|outputs?|questions?|answers?|contexts?|responses?|"
    "text|name|query|document|passage|article|summary|topic|title|content|message|conversation|"
    "(?:chat_)?history|system(?:_prompt|_message)?|user(?:_input|_message|_prompt|_query|_name)?|"
    "assistant|examples?|(?:first|last|full|your|customer|company|product)_?name|placeholder"
)
# Compiled when a text asks for it. Each starts with one plain character, which `re` finds at the
# speed of memory; names and spaces are of bounded length, so that no text takes time quadratic in
# its own.
_BRACES = (
    rf"(?i)\{{(?:\{{\s{{0,20}}(?P<double>{_FIELDS}|\w{{1,60}}_\w{{1,60}})\s{{0,20}}\}}\}}"
    rf"|\s?(?P<single>{_FIELDS})\s?\}})"
)
_BRACKETS = r"(?i)\[(?:insert|enter|your)\s[^\[\]\n]{1,40}\](?![(:\[])"
_ANGLES = r"(?i)<(?:insert|enter|your)\s[^<>\n]{1,40}>"
_PATTERNS = {"{": _BRACES, "[": _BRACKETS, "<": _ANGLES}

_BEFORE_CODE = frozenset("\\}{/%#@=`._^-")  # before the brace of LaTeX, an address, an attribute
_AFTER_CODE = frozenset("{}/`_^")
_CODE = r"""(?xm)
    ` | \{% | </\w | => | \\[A-Za-z]+ | \b[fr]["'] | \$[\w("'] | ^\#! | \[\[ | =\s{0,20}\{
    | \bdef\ \w{1,60}\ ?\( | \bfunction\b[^\n]{0,40}\( | \b(?:const|let|var)\ [\w{]
    | ^[ \t]*(?:import|from|class|export|return|public|private|\#include)\ [\w{*<"'(]
    | \b(?:print\w{0,60}!?|console\.\w{1,60}|\w{0,60}format!?)\( | \becho\ | ;[ \t]*$
    | ^\w[\w.-]{0,60}:\ {0,20}[|>]?$ | ^[ \t]*-\ \w{1,60}:
    """
_TALK_OF_TEMPLATES = (
    r"(?i)f-string|templat|placeholder|jinja|mustache|handlebars|interpolat|curly|\bbrace|\bvariable|"
    r"format(?:ted)? string|string format|mail merge|str\.format"
)


class _Found(NamedTuple):
    shape: str
    text: str
    offset: int


class Placeholder(Rule):
    """## What it does

    Reports what looks like a template's variable that nobody filled in: `{{ name }}`, `${name}`
    and `{name}` with a well-known field name (`prompt`, `input`, `question`, `context` and the
    like, or in double braces any name with an underscore), `[Your Name]`, `[insert date here]`,
    `<your answer>`. One that stands in code, or in a record that speaks of templates or
    placeholders, is content; so is a shape that a quarter of the file's rows hold.

    ## Why it hurts

    The model learns to write the placeholder itself, and the row lacks what should stand there.

    ## Example

    ```json
    {"prompt": "Summarise: {text}", "completion": " Sales rose in May."}
    ```

    ## Use instead

    Fill the template in, or drop the record.

    ## Source

    Python's `string.Template` and format strings, and Jinja's documentation, for the shapes.
    """

    code = "DT205"
    name = "leftover template placeholder"
    severity = Severity.WARNING

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.content: frozenset[str] = frozenset()  # shapes that are the file's own

    def learn(self, sample: RecordBatch) -> None:
        looked_at = thinned(sample)
        rows = Counter(
            shape
            for index in matching(looked_at, _PATTERNS)
            for shape in _shapes_of(looked_at.record(index))
        )
        self.content = frozenset(
            shape
            for shape, count in rows.items()
            if count >= FEWEST_CARRIERS and count >= STRUCTURE * len(looked_at)
        )

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        return matching(batch, _PATTERNS)

    def check_record(self, record: Record) -> Iterable[Problem]:
        texts = {"prompt": record.prompt or "", record.target_key: record.completion}
        for key, text in texts.items():
            found = [each for each in _placeholders(text) if each.shape not in self.content]
            if not found or re.search(_CODE, text):
                continue
            if any(re.search(_TALK_OF_TEMPLATES, each) for each in texts.values()):
                return
            first = min(found, key=lambda each: each.offset)
            yield Problem(
                f"the {key} holds the unfilled placeholder {quotable(first.text)!r}",
                key=key,
                offset=first.offset,
            )


def _shapes_of(record: Record) -> set[str]:
    texts = (record.prompt or "", record.completion)
    return {found.shape for text in texts for found in _placeholders(text)}


def _placeholders(text: str) -> Iterator[_Found]:
    for character, pattern in _PATTERNS.items():
        if character in text:
            for match in re.finditer(pattern, text):
                if character == "{":
                    yield from _in_braces(text, match)
                else:
                    yield _Found(character, match[0], match.start())


def _in_braces(text: str, match: re.Match[str]) -> Iterator[_Found]:
    start, end = match.span()
    before, after = text[start - 1 : start], text[end : end + 1]
    if before == "$" and match["single"]:
        yield _Found("${", f"${match[0]}", start - 1)
    elif not (before.isalnum() or before in _BEFORE_CODE or before == "$" or after in _AFTER_CODE):
        yield _Found("{{" if match["double"] else "{", match[0], start)

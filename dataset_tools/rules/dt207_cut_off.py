"""A completion or text ends in the middle of a sentence."""

import re
from collections.abc import Collection, Iterable
from functools import lru_cache

from dataset_tools.findings import Severity
from dataset_tools.marks import FEWEST_CARRIERS
from dataset_tools.quotes import without_secrets
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.mark_names import percentage
from dataset_tools.rules.rule import END_OF_VALUE, FileContext, Problem, Rule
from dataset_tools.rules.text_edges import bare, edges_of, lacks_its_mark, mark_of, thinned

MAJORITY = 0.9  # of the rows that hold a sentence; fewer may well write some without a full stop
FEWEST_WORDS = 3
FEWEST_CHARACTERS = 20
_LOOKED_AT = 200  # characters at the end in which words are counted

_CLOSING = frozenset(".!?…。！？｡．\"'”’»›」』】）)]}`>:：;；~*_।॥؟۔؛።፧။៕")
_OPEN_SIGNS = frozenset(",،、，-–—([{（「『«“‘&")
_OPEN_ASCII = frozenset(
    character
    for character in map(chr, range(128))
    if character.isalnum() or character in _OPEN_SIGNS
)
_SPACELESS_SCRIPTS = "\u2e80"  # from here on, scripts do not part their words with spaces
_VARIATION_SELECTOR = "\ufe0f"  # a mark by category, but the end of an emoji
# what opens a list's item, a heading, a table's row or code rather than a sentence
_NO_SENTENCE = re.compile(r"\s{4}|\t|[-*•–—+|#>$<{\[(]|\d+[.):]|\w{1,20}:|\S*://|[\"']\w+[\"']:")


class CutOff(Rule):
    """## What it does

    Reports a completion or text that ends in the middle of a sentence: with a letter, a digit, a
    comma, a dash or an opening bracket, where 90 % of the file's completions end with closing
    punctuation. Only sentences are judged: three words and 20 characters or more in the last
    line, and not the items of lists, verse, tables or code.

    ## Why it hurts

    Such rows come from answers that ran into a length limit. The model learns to stop anywhere,
    or, with a stop sequence, that a half sentence is a whole answer.

    ## Example

    ```json
    {"prompt": "What is rust?", "completion": " Rust is iron oxide. It forms when iron and"}
    ```

    ## Use instead

    Let the answer end, cut it back to its last whole sentence, or drop the record.

    ## Source

    Raffel et al., Exploring the Limits of Transfer Learning with a Unified Text-to-Text
    Transformer, arXiv 1910.10683, section 2.2: lines without terminal punctuation are left out.
    """

    code = "DT207"
    name = "completion looks cut off"
    severity = Severity.WARNING

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.share = 0.0  # of the sentences looked at that end with closing punctuation
        self.is_usual_to_close = False
        self.usual_space = 0  # characters of white space after most texts, a guess that saves time

    def learn(self, sample: RecordBatch) -> None:
        texts = [bare(self.context, "completion", text) for text in thinned(sample).completions]
        ends = [text[-1] for each in texts if _is_sentence(text := each.rstrip())]
        closed = sum(end in _CLOSING for end in ends)
        self.share = closed / len(ends) if ends else 0.0
        self.is_usual_to_close = closed >= FEWEST_CARRIERS and self.share >= MAJORITY
        spaces = sorted(len(text) - len(text.rstrip()) for text in texts)
        self.usual_space = spaces[len(spaces) // 2] if spaces else 0

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        if not self.is_usual_to_close:
            return ()
        mark = mark_of(self.context, "completion")
        end = mark.text if mark else ""
        doubtful = edges_of(batch).may_end_with("completion", _OPEN_ASCII, self.usual_space, end)
        return [
            index
            for index in doubtful
            if (last := batch.completions[index].removesuffix(end).rstrip()[-1:]) and _is_open(last)
        ]

    def check_record(self, record: Record) -> Iterable[Problem]:
        if not self.is_usual_to_close:
            return
        if lacks_its_mark(self.context, "completion", record.completion):
            return  # DT303
        text = bare(self.context, "completion", record.completion).rstrip()
        if not text or not _is_open(text[-1]) or not _is_sentence(text):
            return
        if any(line[-1] not in _CLOSING for line in _lines(text)[:-1]):
            return  # verse, a list, code or an address: its other lines end so, too
        end = without_secrets(text)[-20:]
        yield Problem(
            f"the {record.target_key} ends with {end!r}, expected closing punctuation "
            f"as in {percentage(self.share)} of the rows looked at",
            key=record.target_key,
            offset=len(text) - 1 if len(text) < len(record.completion) else END_OF_VALUE,
        )


def _lines(text: str) -> list[str]:
    return [line for each in text.split("\n") if (line := each.rstrip())]


def _is_sentence(text: str) -> bool:
    """Whether the last line is long enough for a sentence and not marked as something else."""
    start = text.rfind("\n") + 1
    if len(text) - start < FEWEST_CHARACTERS or _NO_SENTENCE.match(text, start):
        return False
    if text[-1] >= _SPACELESS_SCRIPTS:
        return True
    words = text[max(start, len(text) - _LOOKED_AT) :].split()
    return len(words) >= FEWEST_WORDS and "://" not in words[-1]


@lru_cache(maxsize=4096)  # characters; texts end with few
def _is_open(character: str) -> bool:
    if character.isascii():
        return character in _OPEN_ASCII
    if character in _OPEN_SIGNS:
        return True
    import unicodedata

    return unicodedata.category(character)[0] in "LNM" and character != _VARIATION_SELECTOR

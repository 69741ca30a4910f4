"""A model's special token, or half of a pair of instruction marks, stands in a text."""

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
from dataset_tools.rules.text_edges import Column, bare, mark_of, matching, thinned

# what the tokenizer adds at the start and end of each record, so that it would stand there twice
_ADDED_IN_TRAINING = frozenset(
    {
        *("<s>", "</s>", "<bos>", "<eos>", "<|begin_of_text|>", "<|end_of_text|>"),
        *("<|startoftext|>", "<|endoftext|>"),
        *("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"),
    }
)
_PAIRS = (("[INST]", "[/INST]"), ("<<SYS>>", "<</SYS>>"))
# compiled when a text asks for it; each starts with one plain character, which `re` finds at the
# speed of memory
_ANGLES = (
    r"<(?:\|[A-Za-z][\w.-]{0,40}\|>|/?s>|(?:pad|unk|bos|eos|(?:start|end)_of_turn)>|</?SYS>>|<SYS>>"
    r"|｜[^<>\s]{1,40}｜>)"
)
_SQUARES = r"\[/?INST\]"
_PATTERNS = {"<": _ANGLES, "[": _SQUARES}
_PAIRED = frozenset(mark for pair in _PAIRS for mark in pair)

# a few words on one line; between a model's tokens stands a whole turn
_STRIKE = re.compile(r"<s>(?!\s*(?:\[INST|<<SYS))((?:(?!</?s>).){1,200})</s>")
_MENTION = re.compile(r"(?<!\w)</?s>(?!\s*\[)")
_HTML = re.compile(
    r"</?(?:p|div|span|del|ins|b|i|u|a|em|strong|strike|br|li|ul|td|tr|html|body|h[1-6])\b|"
    r"\bhtml|\btags?\b|strike",
    re.I,
)


class _Token(NamedTuple):
    text: str
    offset: int


class SpecialToken(Rule):
    """## What it does

    Reports a model's special token spelt out in a text: `<s>`, `</s>`, `<pad>`, `<unk>`,
    `<|endoftext|>`, `<|im_start|>`, `<|eot_id|>` and the like; and `[INST]` or `<<SYS>>` without
    its other half in the same record. The separator and the stop sequence are left out, and so
    are tokens that a quarter of the rows hold, such as the turns of a rendered chat. Those that
    training adds by itself are always reported at a record's start or end, not between its turns.
    `<s>…</s>` around a few words is HTML.

    ## Why it hurts

    The tokenizer turns the spelt-out token into the real one. A doubled `<s>` or an early `</s>`
    is unlike anything the model has seen, and text after an end token is never written. Half a
    pair of instruction marks confuses who speaks.

    ## Example

    ```json
    {"prompt": "<s>[INST] Name a colour.", "completion": " Blue.</s>"}
    ```

    ## Use instead

    ```json
    {"prompt": "[INST] Name a colour. [/INST]", "completion": " Blue."}
    ```

    ## Source

    The Llama 2 and Llama 3 model cards' prompt formats; Hugging Face's guide to chat templates:
    special tokens must not be added twice.
    """

    code = "DT306"
    name = "special token or unbalanced [INST] in the data"
    severity = Severity.WARNING

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.structure: frozenset[str] = frozenset()  # tokens that the file's rows are built with
        self.patterns = dict(_PATTERNS)

    def learn(self, sample: RecordBatch) -> None:
        looked_at = thinned(sample)
        rows = Counter(
            token
            for index in matching(looked_at, _PATTERNS)
            for token in self._structural_tokens(looked_at.record(index))
        )
        self.structure = frozenset(
            token
            for token, count in rows.items()
            if count >= FEWEST_CARRIERS and count >= STRUCTURE * len(looked_at)
        )
        # not to be stopped at: instruction marks are, for half a pair of them is a mistake
        usual = self.structure - _PAIRED - _ADDED_IN_TRAINING
        known = "|".join(re.escape(each[1:]) for each in sorted(usual))
        if known:
            self.patterns["<"] = f"<(?!{known}){_ANGLES[1:]}"

    def _structural_tokens(self, record: Record) -> set[str]:
        """The record's tokens, but for those in a place where training adds them."""
        texts: list[tuple[Column, str]] = [("completion", record.completion)]
        if record.prompt is not None:
            texts.append(("prompt", record.prompt))
        return {
            token.text
            for column, text in texts
            for token in _tokens(text)
            if not _is_doubled(token, column, bare(self.context, column, text))
        }

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        return matching(batch, self.patterns)

    def check_record(self, record: Record) -> Iterable[Problem]:
        texts: list[tuple[Column, str, str]] = [
            ("completion", record.target_key, record.completion)
        ]
        if record.prompt is not None:
            texts.insert(0, ("prompt", "prompt", record.prompt))
        for column, key, text in texts:
            token = next(self._stray_tokens(column, bare(self.context, column, text)), None)
            if token is not None:
                added = token.text in _ADDED_IN_TRAINING
                yield Problem(
                    f"the special token {quotable(token.text)!r} stands in the {key}"
                    + (", training adds it by itself" if added else ""),
                    key=key,
                    offset=token.offset,
                )
        for opening, closing in _PAIRS:
            yield from self._half_of_a_pair(texts, opening, closing)

    def _stray_tokens(self, column: Column, text: str) -> Iterator[_Token]:
        marks = (self._mark("prompt"), self._mark("completion"))
        for token in _tokens(text):
            is_mark = any(token.text in mark for mark in marks)
            if is_mark or token.text in _PAIRED:
                continue
            if token.text not in self.structure or _is_doubled(token, column, text):
                yield token

    def _mark(self, column: Column) -> str:
        mark = mark_of(self.context, column)
        return mark.text if mark else ""

    def _half_of_a_pair(
        self, texts: list[tuple[Column, str, str]], opening: str, closing: str
    ) -> Iterator[Problem]:
        if not any(mark in text for _, _, text in texts for mark in (opening, closing)):
            return
        both = f"{re.escape(opening)}|{re.escape(closing)}"
        unclosed: tuple[str, int] | None = None
        for column, key, text in texts:
            # with the mark that training adds where the text lacks it
            body = bare(self.context, column, text)
            for match in re.finditer(both, body + self._mark(column)):
                is_closing, is_in_mark = match[0] == closing, match.start() >= len(body)
                if is_closing and (unclosed is not None or is_in_mark):
                    unclosed = None
                elif is_closing:
                    yield Problem(f"{closing!r} without {opening!r}", key=key, offset=match.start())
                    return
                elif not is_in_mark:
                    if unclosed is not None:
                        message = f"{opening!r} a second time before {closing!r}"
                        yield Problem(message, key=key, offset=match.start())
                        return
                    unclosed = (key, match.start())
        if unclosed is not None:
            yield Problem(f"{opening!r} without {closing!r}", key=unclosed[0], offset=unclosed[1])


def _is_doubled(token: _Token, column: Column, text: str) -> bool:
    """Whether training adds the token in this very place, at the record's start or end.

    A completion's start counts as well: no turn of a chat stands before it.
    """
    if token.text not in _ADDED_IN_TRAINING:
        return False
    before, after = text[: token.offset], text[token.offset + len(token.text) :]
    return not before.strip() or (column == "completion" and not after.strip())


def _tokens(text: str) -> list[_Token]:
    """The special tokens in the order in which they stand, without HTML's strike-through."""
    found: list[_Token] = []
    for character, pattern in _PATTERNS.items():
        if character in text:
            found += [_Token(match[0], match.start()) for match in re.finditer(pattern, text)]
    if any(token.text in ("<s>", "</s>") for token in found):
        struck = _strike_through(text)
        found = [token for token in found if token.offset not in struck]
    return sorted(found, key=lambda token: token.offset)


def _strike_through(text: str) -> set[int]:
    """Where `<s>` and `</s>` are HTML: a pair inside a text, or either in text about HTML."""
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    pairs = [match for match in _STRIKE.finditer(text) if match.span() != (start, end)]
    places = {place for match in pairs for place in (match.start(), match.end(1))}
    mentions = {match.start() for match in _MENTION.finditer(text)} - places
    inside = {place for place in mentions if start < place < end - len("</s>")}
    if inside and _HTML.search(text):
        places |= inside
    return places

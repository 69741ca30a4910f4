r"""A text holds control characters, invisible ones, or the traces of a wrong encoding."""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache

from dataset_tools.byte_scan import SPACELESS_RANGES
from dataset_tools.findings import Severity
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.rule import Problem, Rule
from dataset_tools.rules.text_edges import columns_of, edges_of

# Joiners shape Persian, Indic and other scripts and hold emoji together; between letters of
# these scripts they mean nothing.
_PLAIN = r"\x00-\u024f"
_SPACELESS = "".join(rf"\U{first:08x}-\U{last:08x}" for first, last in SPACELESS_RANGES)
# Hebrew, Arabic, Syriac, Thaana, N'Ko and their like, presentation forms, older scripts, Adlam
_RIGHT_TO_LEFT = (
    r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
# what _ODD can begin with; one class of characters is found thirty times as fast as all of it
_FIRST = (
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u00c2\u00c3\u00e2\u00ef\u00f0"
    r"\u200b-\u200d\u202a-\u202e\u2060\u2066-\u206f\ufeff\ufff9-\uffff]"
)
_ODD = rf"""
      (?P<control> [\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f] )
    | (?P<replacement> \ufffd )
    | (?P<invisible>
          [\u00ad\u2060\u206a-\u206f\ufeff\ufff9-\ufffb]
        | \u200b (?: \Z | (?<=\A\u200b) | (?<![{_SPACELESS}]\u200b) (?![{_SPACELESS}]) )
        | (?: ^ | (?<=[{_PLAIN}]) ) [\u200c\u200d] (?= [{_PLAIN}] | \Z )
      )
    | (?P<direction> [\u202d\u202e] )
    | (?P<embedding> [\u202a-\u202c\u2066-\u2069] )
    | (?P<noncharacter> [\ufffe\uffff] )
    | (?P<mojibake>
          [\u00c2\u00c3][\u0080-\u00bf]        # é read as Latin-1: Ã©
        | \u00e2[\u0080\u20ac][\u0080-\u00bf\u0152\u0153\u02dc\u2013-\u203a\u2122]    # ’: â€™
        | \u00f0[\u009f\u0178]                # emoji: ðŸ
        | \u00ef(?:\u00bb\u00bf|\u00bf\u00bd) # byte order mark, replacement character
      )
    """
_WHAT = {
    "control": "the control character",
    "replacement": "the replacement character",
    "invisible": "the invisible character",
    "direction": "the invisible direction mark",
    "embedding": "the invisible direction mark",
    "noncharacter": "the noncharacter",
    "mojibake": "UTF-8 that was read as another encoding,",
}


class OddCharacter(Rule):
    r"""## What it does

    Reports characters that text has no use for: controls other than tabs and line breaks,
    zero-width and other invisible ones, direction overrides, the replacement character `\ufffd`,
    and sequences such as `Ã©` or `â€™` that come from UTF-8 read as Latin-1 or Windows-1252.
    Joiners inside the scripts and emoji that need them are left alone, and so are zero-width
    spaces between words of Thai, Khmer and other scripts without spaces, left-to-right and
    right-to-left marks, embeddings and isolates in a text with right-to-left letters, and
    invisible mathematical operators. One finding for each kind and text, at the first place.

    ## Why it hurts

    The model learns to write them. Invisible characters split words into rare tokens, so that
    the same word looks different from row to row, and a replacement character means that the
    text itself is lost.

    ## Example

    ```json
    {"prompt": "Who was \u200bAda?", "completion": " Augusta Ada King, nÃ©e Byron."}
    ```

    ## Use instead

    Read the source in its own encoding, and strip the characters; ftfy's `fix_text` mends most.

    ## Source

    Unicode Technical Report 36, Unicode Security Considerations; Speer, ftfy (Zenodo, 2019).
    """

    code = "DT204"
    name = "control, invisible or garbled characters"
    severity = Severity.WARNING

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        lines = batch.byte_scan.lines_with_odd_characters()
        if not lines:
            return ()
        if not batch.odd_lines:  # each line is a record, then
            return lines
        wanted = {batch.lines.first_number + line for line in lines}
        return [index for index, number in enumerate(batch.numbers) if number in wanted]

    def count_problems(self, batch: RecordBatch, suspects: Collection[int]) -> int:
        edges = edges_of(batch)
        count = 0
        for column in columns_of(batch):
            texts, known = edges.texts(column), edges.with_odd_characters(column)
            if known is None:
                may_be_odd = _pattern(_FIRST).search
                known = [index for index in suspects if may_be_odd(texts[index])]
            # all that may be odd of ASCII is, and of one kind
            count += sum(1 if (text := texts[i]).isascii() else len(_kinds(text)) for i in known)
        return count

    def check_record(self, record: Record) -> Iterable[Problem]:
        if record.prompt is not None:
            yield from _problems("prompt", record.prompt)
        yield from _problems(record.target_key, record.completion)


def _problems(key: str, text: str) -> Iterator[Problem]:
    for kind, match in _kinds(text).items():
        found = match[0]
        spelling = repr(found) if kind == "mojibake" else _name(found)
        yield Problem(
            f"{_WHAT[kind]} {spelling} stands in the {key}", key=key, offset=match.start()
        )


def _kinds(text: str) -> dict[str, re.Match[str]]:
    """The first place of each kind of odd character in the text."""
    firsts: dict[str, re.Match[str]] = {}
    for match in _odd_places(text):
        firsts.setdefault(match.lastgroup or "", match)
    if "embedding" in firsts and ("direction" in firsts or _pattern(_RIGHT_TO_LEFT).search(text)):
        del firsts["embedding"]
    return firsts


def _odd_places(text: str) -> Iterator[re.Match[str]]:
    """All matches of _ODD that do not overlap, from the left."""
    end = 0
    for candidate in _pattern(_FIRST).finditer(text):
        start = candidate.start()
        if start >= end and (match := _pattern(_ODD).match(text, start)):
            end = match.end()
            yield match


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    """The compiled pattern; compiling takes longer than the lint of a small file."""
    return re.compile(pattern, re.VERBOSE)


def _name(character: str) -> str:
    import unicodedata

    # a replacement character's name is what the message calls it already
    name = unicodedata.name(character, "").lower() if character != "\ufffd" else ""
    return f"U+{ord(character):04X}{f' ({name})' if name else ''}"

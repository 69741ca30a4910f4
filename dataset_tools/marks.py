r"""Marks: the separator and stop sequence that the rows of a file end with.

A mark is given, or inferred from what the large majority of rows end with. Inference looks only
for endings that no prose, code or verse ends with by itself: whole-line signs (`\n##\n`), signs
at the end of a line (` ->`, `###`), END or STOP after the text, and the spelt-out special tokens of
models. A sentence's full stop, a closing brace or `Answer:` is none, nor is a sign that also stands
inside many of the texts: turns of a chat, sections, few-shot examples. Code and markup have endings
of their own: the `-->` of a comment, ` --`, the `>>` of nested brackets and an indented END. Nor is
a word the mark where it is one of several values (`state: DONE`, `state: OPEN`).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Literal

from msgspec import Struct

from dataset_tools.spread_sample import spread_sample

MAJORITY = 0.75  # share of rows that must carry a mark before it counts as the file's own
STRUCTURE = 0.25  # share of rows that hold a sign inside, from which on it is part of the text
_FEWEST_OTHERS = 0.1  # share of rows with another value; fewer are mistakes
FEWEST_CARRIERS = 3  # rows; two equal endings may be chance

Origin = Literal["flag", "configuration", "recipe", "inferred"]

_MARK_AT_END = re.compile(
    r"""
    (?P<core>
        <\|[^<>|\s]+\|>                                  # <|endoftext|>, <|im_end|>
      | </?s> | <(?:eos|end|stop|sep)>                   # spelt-out special tokens
      | \[(?:/INST|END|EOS|STOP|SEP)\]
      | (?<=\n)[#=\-<>|@*~_+&%$^]+                       # signs on a line of their own
      | (?<![#=\-<>|@^])(?:[#=\-<>|@^]{2,})              # two signs or more at the end of a line
      | [→⇒]
      | (?<=\s)(?:END|STOP|EOS|DONE)                     # _WORDS; not SELECT, NULL or YES
    )
    (?P<trailing>\s*)\Z
    """,
    re.VERBOSE | re.IGNORECASE,
)
_WORDS = ("END", "STOP", "EOS", "DONE")
_PUNCTUATION_AND_SPACE = ".,;:!?'\"\u201c\u201d\u2019)]}\u3002 \t\n\r"
# what a chat template ends a prompt with, and puts before each earlier answer of the chat as well
_ASSISTANT_SPEAKS = re.compile(r"\[/INST\]|[<|｜>](?:assistant|model)\b", re.IGNORECASE)
_LAST_SIGNS = frozenset("#=-<>|@*~_+&%$^]→⇒DPSE")  # what a mark can end with, white space aside
_LONGEST_MARK = 64  # characters of an ending that are looked at
# what is left of a mark of letters once the signs behind it are gone
_HALF_MARK_AT_END = r"""(?xi)
    (?: <\|[^<>|\s]+ | </?s | <(?:eos|end|stop|sep) | \[(?:/INST|END|EOS|STOP|SEP)
      | (?-i:END|STOP|EOS|DONE) )\Z
    """  # compiled when it is first used, which lint never does
_SIGNS_AND_SPACE = "#=-<>|@*~_+&%$^]→⇒ "  # all signs that an inferred mark can end with
_LEEWAY = 0.9  # by which a part of the texts may hold fewer carriers than all of them
_MOST_CLOSELY = 1000  # texts, spread over all, in which a mark is searched; the others are counted


class Mark(Struct, frozen=True):
    """A separator or stop sequence that a file's rows carry, or are to carry."""

    text: str
    origin: Origin
    share: float  # of the rows looked at that end with it, 0 to 1
    is_structure: bool = False  # prompts or texts may hold it inside: they are built with it

    @property
    def is_required(self) -> bool:
        """Whether a row without it is a mistake.

        A mark asked for by flag or configuration file must stand in every row, an inferred one
        stands in most. One from a recipe is added in training where a row lacks it: a file without
        any is sound, a file where most rows have it and some don't is not.
        """
        return self.origin in ("flag", "configuration") or self.share >= MAJORITY


def given_mark(
    text: str, origin: Origin, endings: Sequence[str], prompts: Sequence[str] = ()
) -> Mark:
    """A mark that was asked for, and how the file's rows carry it.

    A recipe may well name a mark that also divides the turns inside the prompts (or, in a text
    file, the texts): nothing is wrong with those where most rows have it so. Nor is there where
    it is a chat template's sign for the assistant to speak, however few rows have several turns.
    """
    insides = share_inside(text, prompts or endings)
    is_usual = origin == "recipe" and len(endings) >= FEWEST_CARRIERS and insides >= MAJORITY
    is_structure = is_usual or _has_assistant_speak(text)
    return Mark(text, origin, _share(text, endings), is_structure)


def infer_mark(texts: Sequence[str], others: Sequence[str] = ()) -> Mark | None:
    """The mark that the large majority of the texts end with, or None where there is none.

    `others` are the other halves of the records, in which a mark must not be usual either.
    """
    closely = _spread(texts)
    cores = Counter(
        match["core"] + match["trailing"]
        for text in closely
        if (match := _own_mark(text[-_LONGEST_MARK:]))
    )
    if not cores:
        return None
    ending, matches = cores.most_common(1)[0]
    if matches < MAJORITY * _LEEWAY * len(closely):
        return None
    befores = [text[-_LONGEST_MARK : -len(ending)] for text in texts if text.endswith(ending)]
    if len(befores) < FEWEST_CARRIERS or len(befores) < MAJORITY * len(texts):
        return None
    if ending.strip().isalpha():
        tails = [text[-_LONGEST_MARK:] for text in texts if not text.endswith(ending)]
        if _is_one_of_several(ending.strip(), befores, tails):
            return None
    mark = _common_leading_whitespace(befores) + ending
    if max(share_inside(mark, texts), share_inside(mark, others)) >= STRUCTURE:
        return None
    return Mark(mark, "inferred", _share(mark, texts), _has_assistant_speak(mark))


def without_any_mark(text: str, given: Iterable[str] = ()) -> str:
    """The text, white space normalised, without anything at its end that could be a mark.

    Two texts that are equal once an inferred mark, a given one, or none is removed from either are
    equal here, whatever the files are from which marks were inferred. That takes more off than any
    one mark: `C#` becomes `C`.
    """
    endings = [ending for mark in given if (ending := _bare_mark(mark))]
    text = " ".join(text.split())
    while True:
        shorter = text.rstrip(_SIGNS_AND_SPACE)
        for ending in endings:
            shorter = shorter.removesuffix(ending)
        if match := re.search(_HALF_MARK_AT_END, shorter[-_LONGEST_MARK:]):
            shorter = shorter[: match.start() - match.end()]
        if shorter == text:
            return text
        text = shorter


@lru_cache
def _bare_mark(mark: str) -> str:
    return without_any_mark(mark)


def share_inside(mark: str, texts: Sequence[str]) -> float:
    """The share of texts, 0 to 1, that hold the mark elsewhere than at their end."""
    at_start = mark.lstrip()  # a sign on the first line has no line break before it
    bodies = [text.removesuffix(mark) for text in _spread(texts)]
    insides = sum(mark in body or (at_start != "" and body.startswith(at_start)) for body in bodies)
    return insides / len(bodies) if bodies else 0.0


def _has_assistant_speak(mark: str) -> bool:
    return _ASSISTANT_SPEAKS.search(mark) is not None


def _spread(texts: Sequence[str]) -> Sequence[str]:
    return [texts[index] for index in spread_sample(len(texts), _MOST_CLOSELY)]


def _own_mark(tail: str) -> re.Match[str] | None:
    """The mark at the end of a text; a text that is nothing but a word is content, not a mark."""
    if tail.rstrip()[-1:] not in _LAST_SIGNS:
        return None
    match = _MARK_AT_END.search(tail)
    if match is None:
        return None
    core, before = match["core"], tail[: match.start()]
    if core == "-->" or (core == "--" and not before.endswith("\n")):
        return None
    if set(core) == {">"} and _open_brackets(before) >= len(core):
        return None
    if core.lower() == "</s>" and _is_struck_out(before):
        return None
    if core.isalpha() and core not in "→⇒" and not (core.isupper() and _is_content(before)):
        return None
    return match


def _open_brackets(before: str) -> int:
    """How many brackets of types (`Map<String, List<T`) are open at the end of the line."""
    line = before.rpartition("\n")[2]
    return len(re.findall(r"\w<(?=\w)", line)) - line.count(">")


def _is_struck_out(before: str) -> bool:
    """Whether a tag of HTML, rather than a model's token for the start, stands inside the text."""
    head, tag, struck = before.lower().rpartition("<s>")
    is_inside = head.strip() != "" and not head.rstrip().endswith("</s>")
    return tag != "" and is_inside and not struck.lstrip().startswith("[inst]")


def _is_content(before: str) -> bool:
    """Whether a word behind it ends a text.

    A word indented on its line is code, one behind a colon or equals sign a value, and THE END the
    end of a story.
    """
    line = before.rpartition("\n")[2]
    if line.rstrip()[-1:] in (":", "=") or line.split()[-1:] == ["THE"]:
        return False
    return before.strip() != "" and (line == "" or not line.isspace())


def _is_one_of_several(word: str, befores: Sequence[str], tails: Sequence[str]) -> bool:
    """Whether the texts without the word end with others in capitals, or with its statement.

    Only where they are too many for mistakes. `befores` is what stands before the word: where
    texts are in capitals anyway, their last words tell nothing.
    """
    if len(tails) < max(FEWEST_CARRIERS, _FEWEST_OTHERS * (len(befores) + len(tails))):
        return False
    if _share_of(lambda tail: tail.rstrip().endswith(f"{word};"), tails) >= MAJORITY:
        return True
    return (
        _share_of(_ends_with_a_value, tails) >= MAJORITY
        and _share_of(_is_in_capitals, befores) < STRUCTURE
    )


def _ends_with_a_value(text: str) -> bool:
    """Whether the last word is in capitals, and no mark or part of one."""
    word = _last_word(text.rstrip())
    return len(word) > 1 and word.isupper() and not any(mark.startswith(word) for mark in _WORDS)


def _is_in_capitals(text: str) -> bool:
    return _last_word(text.rstrip(_PUNCTUATION_AND_SPACE)).isupper()


def _last_word(text: str) -> str:
    return re.split(r"[\W\d_]", text)[-1]


def _share_of(is_so: Callable[[str], bool], texts: Sequence[str]) -> float:
    return sum(map(is_so, texts)) / len(texts)


def _common_leading_whitespace(befores: list[str]) -> str:
    """The longest white space before the mark that nearly all its carriers share."""
    spaces = Counter(before[len(before.rstrip()) :] for before in befores)
    for candidate in sorted(spaces, key=len, reverse=True):
        carried = sum(count for space, count in spaces.items() if space.endswith(candidate))
        if carried >= MAJORITY * len(befores):
            return candidate
    return ""


def _share(mark: str, texts: Sequence[str]) -> float:
    return _share_of(lambda text: text.endswith(mark), texts) if texts else 0.0

"""Cells: a record's text as what a terminal shows, character by character, with its tokens.

A cell is a character, a sign or an escape. Its token is the one that the character belongs to, so
that a strip of weights can be drawn beneath. A long stretch is left out in its middle.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len

from dataset_tools.preview.signs import Signs, is_combining
from dataset_tools.preview.view import RecordView, TokenRun
from dataset_tools.printable import escape

NO_TOKEN = -1
_MARKS_ON_A_LETTER = 4  # more are no writing, and would be drawn over the lines above
_WHITESPACE = " \t\n"


class Room(NamedTuple):
    """How much of a stretch is shown: of one longer than `longest`, its two ends.

    In characters; in tokens where those are shown apart from the text.
    """

    longest: int
    at_start: int
    at_end: int


TERMINAL_ROOM = Room(1600, 1000, 500)


class Cell(NamedTuple):
    """What is printed at one place."""

    shown: str
    width: int  # columns
    token: int = NO_TOKEN  # index in the run
    starts_token: bool = False
    is_sign: bool = False  # for white space, an escape, or a token without a character of its own
    is_space: bool = False  # a line may be broken behind it
    ends_line: bool = False


_BETWEEN_TOKENS = Cell(" ", 1, is_sign=True, is_space=True)


class Stretch(NamedTuple):
    """Consecutive cells of one role; `left_out` says what is missing between them and the next."""

    role: str
    cells: list[Cell]
    left_out: str = ""


class _Part(NamedTuple):
    """Characters of the text and the tokens they make, all cut or none."""

    start: int
    end: int
    first_token: int
    end_token: int


def text_stretches(
    parts: Sequence[tuple[str, str]], signs: Signs, room: Room = TERMINAL_ROOM
) -> Iterator[Stretch]:
    """Texts, each with its role, without tokens."""
    walk = _Walk(parts, None, signs, room)
    yield from walk.stretches(_Part(0, len(walk.text), 0, 0))


def segment_texts(view: RecordView) -> list[tuple[str, str]]:
    """The segments of a record, each with its role."""
    return [(segment.role, segment.text) for segment in view.segments]


def run_stretches(
    view: RecordView, run: TokenRun, signs: Signs, start: int = 0, room: Room = TERMINAL_ROOM
) -> Iterator[Stretch]:
    """A run's BOS, what is cut, what is left, and EOS; it begins at the character `start`."""
    walk = _Walk(segment_texts(view), run, signs, room)
    spans = run.spans or []
    first, end = int(run.starts_with_bos), len(spans) - run.ends_with_eos
    cut_end = min(max(run.cut.stop, first), end)
    end_character = len(walk.text) if run.ends_with_eos else end_of_run(run)
    border = max([start, *(stop for _, stop in spans[first:cut_end])])
    if run.starts_with_bos:
        yield Stretch("BOS", special_token(run, 0, signs))
    if cut_end == end:
        yield from walk.stretches(_Part(start, end_character, first, end))
    else:
        yield from walk.stretches(_Part(start, border, first, cut_end))
        yield from walk.stretches(_Part(border, end_character, cut_end, end))
    if run.ends_with_eos:
        yield Stretch("EOS", special_token(run, len(spans) - 1, signs))


def end_of_run(run: TokenRun) -> int:
    """The character at which the run's text ends."""
    return max((stop for _, stop in run.spans or []), default=0)


def special_token(run: TokenRun, index: int, signs: Signs) -> list[Cell]:
    """A token as its vocabulary spells it."""
    spelling = run.spelling[index][: TERMINAL_ROOM.longest]
    cells = [
        _cell(signs.whitespace(character) or signs.shown(character), NO_TOKEN)
        for character in spelling
    ]
    return [
        cell._replace(token=index, starts_token=position == 0)
        for position, cell in enumerate(cells)
    ]


def spelled_tokens(run: TokenRun, signs: Signs, room: Room = TERMINAL_ROOM) -> Iterator[Stretch]:
    """All tokens as the vocabulary spells them, for tokenizers that don't tell their places."""
    count = len(run.ids)
    for first, end, left_out in _windows(0, count, room):
        cells: list[Cell] = []
        for index in range(first, end):
            cells += [*special_token(run, index, signs), _BETWEEN_TOKENS]
        yield Stretch("tokens", cells, f"{left_out:,} tokens" if left_out else "")


class _Walk:
    """One way through the text, in which every token is shown once."""

    def __init__(
        self, parts: Sequence[tuple[str, str]], run: TokenRun | None, signs: Signs, room: Room
    ) -> None:
        self.parts = parts
        self.text = "".join(text for _, text in parts)
        self.spans: Sequence[tuple[int, int]] = (run.spans or []) if run else []
        self.signs = signs
        self.room = room
        self.token = 0  # the next one to show, or one that goes on
        self.shown = NO_TOKEN  # the last one that was begun

    def stretches(self, part: _Part) -> Iterator[Stretch]:
        """The segments that lie in the part, each in windows where it is long."""
        self.token = max(self.token, part.first_token)
        start, last_role = 0, self.parts[0][0] if self.parts else ""
        for role, text in self.parts:
            end = start + len(text)
            first, last = max(start, part.start), min(end, part.end)
            is_mark = role in ("separator", "stop_sequence")
            bare = text.strip(_WHITESPACE)
            leading = len(text) - len(text.lstrip(_WHITESPACE))
            edges = (start + leading, start + leading + len(bare))
            if is_mark or not bare:
                edges = (end, end)
            for window_start, window_end, left_out in _windows(first, last, self.room):
                cells = self._cells(window_start, window_end, part, edges)
                if is_mark:  # on one line, as a sign that it is one thing
                    cells = [cell._replace(ends_line=False) for cell in cells]
                yield Stretch(role, cells, self._left_out(window_end, left_out, part))
            if start < part.end <= end:
                last_role = role
            start = end
        # of a character that was cut in two, the tokens behind the cut have none of their own
        left = range(max(self.token, self.shown + 1), part.end_token)
        if left:
            yield Stretch(last_role, [_further(self.signs, token) for token in left])
            self.token, self.shown = part.end_token, left[-1]

    def _left_out(self, end: int, characters: int, part: _Part) -> str:
        """What is missing behind a window, in words; the walk goes on behind it."""
        if not characters:
            return ""
        words = f"{characters:,} characters"
        if self.spans:
            skipped_to = bisect_right(
                self.spans, end + characters, part.first_token, part.end_token, key=_end
            )
            words += f", {skipped_to - self.shown - 1:,} tokens"
            self.token = max(self.token, skipped_to)
        return words

    def _cells(self, start: int, end: int, part: _Part, edges: tuple[int, int]) -> list[Cell]:
        """The cells of the characters from `start` to `end`."""
        owners, begun, extra = self._owners(start, end, part)
        cells: list[Cell] = [_further(self.signs, token) for token in extra[start - 1]]
        marks = 0
        for place in range(start, end):
            character = self.text[place]
            token = owners[place - start]
            begins = place in begun
            on_letter = (
                is_combining(character)
                and self.signs.shown(character) == character
                and cells != []
                and not cells[-1].is_sign
                and marks < _MARKS_ON_A_LETTER
            )
            if on_letter:
                marks += 1
                cells[-1] = cells[-1]._replace(shown=cells[-1].shown + character)
                if begins:
                    cells.append(_further(self.signs, token))
            else:
                marks = 0
                is_edge = place < edges[0] or place >= edges[1]
                cells.append(self._cell(place, is_edge, token, begins))
            cells += [_further(self.signs, token) for token in extra[place]]
        return cells

    def _cell(self, place: int, is_edge: bool, token: int, begins: bool) -> Cell:
        character = self.text[place]
        is_edge = is_edge or self.text[place + 1 : place + 2] == "\n"
        sign = self.signs.whitespace(character)
        if sign is not None and (character != " " or is_edge):
            return Cell(sign, len(sign), token, begins, True, character == " ", character == "\n")
        if is_combining(character):  # with nothing to be drawn onto
            shown = self.signs.shown(character)
            return _cell(escape(character) if shown == character else shown, token, begins)
        shown = self.signs.shown(character)
        return _cell(shown, token, begins, is_space=character == " ")

    def _owners(
        self, start: int, end: int, part: _Part
    ) -> tuple[list[int], dict[int, int], dict[int, list[int]]]:
        """The token of each character, where tokens begin, and those with no character left.

        The last are listed by the place behind which they stand.
        """
        owners = [NO_TOKEN] * (end - start)
        begun: dict[int, int] = {}
        extra: dict[int, list[int]] = defaultdict(list)
        covered = start
        while self.token < part.end_token:
            token_start, token_end = self.spans[self.token]
            if token_start >= end and not (token_start == token_end == end == part.end):
                break
            first = max(token_start, covered)
            if first < min(token_end, end):
                owners[first - start : min(token_end, end) - start] = [self.token] * (
                    min(token_end, end) - first
                )
                if self.token > self.shown:
                    begun[first] = self.token
            elif self.token > self.shown:
                extra[max(covered, start) - 1].append(self.token)
            self.shown = max(self.shown, self.token)
            if token_end > end:
                break  # it goes on in the next stretch
            covered = max(covered, token_end)
            self.token += 1
        return owners, begun, extra


def _cell(shown: str, token: int, begins: bool = False, *, is_space: bool = False) -> Cell:
    if cell_len(shown) == 0:
        shown = escape(shown)
    is_escape = len(shown) > 1
    width = len(shown) if is_escape else cell_len(shown)
    return Cell(shown, width, token, begins, is_escape, is_space)


def _further(signs: Signs, token: int) -> Cell:
    return Cell(signs.further_token, 1, token, True, True)


def _windows(start: int, end: int, room: Room) -> Iterator[tuple[int, int, int]]:
    """The ranges to show, each with how much is left out behind it."""
    if start >= end:
        return
    if end - start <= room.longest:
        yield start, end, 0
        return
    yield start, start + room.at_start, end - start - room.at_start - room.at_end
    yield end - room.at_end, end, 0


def _end(span: tuple[int, int]) -> int:
    return span[1]

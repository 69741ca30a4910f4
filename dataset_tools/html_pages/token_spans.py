"""Token spans: cells of a preview put together to what a page marks up, token by token."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from dataset_tools.preview.cells import NO_TOKEN, Cell, Stretch
from dataset_tools.preview.view import TokenRun
from dataset_tools.printable import elided
from dataset_tools.tokens import IGNORED_LABEL

WEIGHT_LEVELS = 4  # above none, each with a colour and a line of its own
CUT, MASKED = "cut", "masked"


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters printed alike: as they are, or as signs; a sign may end a line."""

    text: str
    is_sign: bool = False
    ends_line: bool = False


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What a page tells of a token; `label` is its id, "masked", or "cut" where it is not fed."""

    index: int
    id: int
    spelling: str
    label: str
    weight: float
    level: int  # of the weight: 0 for none, else 1 to WEIGHT_LEVELS

    @property
    def is_cut(self) -> bool:
        """Whether the token does not fit and is not trained on."""
        return self.label == CUT


@dataclass(frozen=True, slots=True)
class Span:
    """Consecutive pieces of one token, or of none where `token` is None."""

    pieces: list[Piece]
    token: TokenFacts | None


@dataclass(frozen=True, slots=True)
class Passage:
    """A segment's spans; `left_out` says what is missing between them and the next passage."""

    role: str
    spans: list[Span]
    left_out: str

    @property
    def is_cut(self) -> bool:
        """Whether truncation takes all of it away."""
        return all(span.token is not None and span.token.is_cut for span in self.spans)


def passages(
    stretches: Iterable[Stretch], run: TokenRun | None, greatest_weight: float
) -> Iterator[Passage]:
    """The stretches of a run, or of a text without tokens, as passages."""
    for stretch in stretches:
        spans = [
            Span(
                list(_pieces(cells)),
                None if run is None or token == NO_TOKEN else _facts(run, token, greatest_weight),
            )
            for token, cells in groupby(stretch.cells, key=lambda cell: cell.token)
        ]
        yield Passage(stretch.role, spans, stretch.left_out)


def weight_level(weight: float, greatest: float) -> int:
    """Which of the levels shows a weight, where `greatest` is the highest on the page's record."""
    if weight == 0:
        return 0
    return min(WEIGHT_LEVELS, max(1, round(WEIGHT_LEVELS * weight / greatest)))


def _pieces(cells: Iterable[Cell]) -> Iterator[Piece]:
    line: list[Cell] = []
    for cell in cells:
        line.append(cell)
        if cell.ends_line:
            yield from _line_pieces(line)
            line = []
    yield from _line_pieces(line)


def _line_pieces(cells: list[Cell]) -> Iterator[Piece]:
    for is_sign, group in groupby(cells, key=lambda cell: cell.is_sign):
        printed = list(group)
        text = "".join(cell.shown for cell in printed)
        yield Piece(text, is_sign, printed[-1].ends_line)


def _facts(run: TokenRun, index: int, greatest: float) -> TokenFacts:
    label, weight = run.label(index), run.loss_weight(index)
    shown = MASKED if label == IGNORED_LABEL else str(label)
    return TokenFacts(
        index=index,
        id=run.ids[index],
        spelling=elided(run.spelling[index]),
        label=CUT if index in run.cut else shown,
        weight=weight,
        level=weight_level(weight, greatest),
    )

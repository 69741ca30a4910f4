"""Layout: stretches of cells as lines of a given width, each with its strip of weights beneath.

    prompt         Translate to French: cat
                   ·────────·──·─────·──·──
    completion     chat
                   █───

In the strip a token begins at its weight and goes on as a line, so that its bounds and its weight
can be told without colour.
"""

from collections.abc import Callable, Iterable, Iterator

from rich.text import Text

from dataset_tools.preview.cells import NO_TOKEN, Cell, Stretch
from dataset_tools.preview.signs import Signs
from dataset_tools.preview.view import TokenRun

ROLE_STYLES = {
    "BOS": "bright_black",
    "prompt": "cyan",
    "separator": "bold magenta",
    "completion": "green",
    "text": "green",
    "stop_sequence": "bold yellow",
    "EOS": "bold bright_blue",
    "tokens": "default",
    "line": "default",
}
SHADE = " on grey27"  # of every other token
SIGN_STYLE = "bright_black"
CUT_STYLE = "red"
LABEL_WIDTH = 15  # "stop sequence" and two spaces
NARROW = 50  # columns; where there are fewer, a role stands on a line of its own

Weigh = Callable[[int], float]  # a token's index to the weight of its loss


class Layout:
    """How the stretches of one run, or of a text without tokens, fill a width."""

    def __init__(self, signs: Signs, width: int, run: TokenRun | None, greatest: float) -> None:
        self.signs = signs
        self.run = run
        self.greatest = greatest  # weight that the strip shows as full
        self.is_narrow = width < NARROW
        self.indent = 0 if self.is_narrow else LABEL_WIDTH
        self.width = max(1, width - self.indent)
        self.has_further_tokens = False  # whether the sign for them was among what was laid out

    def lines(self, stretches: Iterable[Stretch]) -> Iterator[Text]:
        """Lines for the terminal."""
        role_before = None
        for stretch in _joined(stretches):
            label = stretch.role.replace("_", " ") if stretch.role != role_before else ""
            role_before = stretch.role
            for line in wrapped(stretch.cells, self.width, self.signs):
                yield from self._with_label(label, self._text(line, stretch.role))
                label = ""
                if self.run is not None:
                    yield Text.assemble(" " * self.indent, self._strip(line))
            if stretch.left_out:
                gap = f"[{self.signs.ellipsis} {stretch.left_out} left out {self.signs.ellipsis}]"
                for part in folded(gap, self.width):
                    yield Text(" " * self.indent + part, style="italic bright_black")

    def _with_label(self, label: str, text: Text) -> Iterator[Text]:
        if not self.is_narrow:
            yield Text.assemble((label.ljust(self.indent), "bold"), text)
            return
        if label:
            yield Text(label, style="bold")
        yield text

    def _text(self, cells: list[Cell], role: str) -> Text:
        text = Text()
        for cell in cells:
            style = f"{SIGN_STYLE} italic" if cell.is_sign else ROLE_STYLES[role]
            if self.run is not None and cell.token in self.run.cut:
                style = f"{CUT_STYLE} strike"
            shade = SHADE if cell.token % 2 and cell.token > 0 else ""
            _append(text, cell.shown, style + shade)
        return text

    def _strip(self, cells: list[Cell]) -> Text:
        strip = Text()
        for cell in cells:
            if self.run is None or cell.token == NO_TOKEN:
                _append(strip, " " * cell.width, "")
                continue
            self.has_further_tokens |= cell.shown == self.signs.further_token and cell.is_sign
            head, style = self._mark(self.run, cell.token)
            tail = self.signs.token_tail
            shown = (head if cell.starts_token else tail) + tail * (cell.width - 1)
            _append(strip, shown, style)
        strip.rstrip()
        return strip

    def _mark(self, run: TokenRun, token: int) -> tuple[str, str]:
        if token in run.cut:
            return self.signs.cut, CUT_STYLE
        weight = run.loss_weight(token)
        return self.signs.weight(weight, self.greatest), weight_style(weight, self.greatest)


def _append(text: Text, more: str, style: str) -> None:
    """Append; what has the style of what stands before it takes no codes of its own."""
    last = text.spans[-1] if text.spans else None
    start = len(text)
    text.append(more)
    if last is not None and last.style == style and last.end == start:
        text.spans[-1] = last.extend(len(more))
    elif style:
        text.stylize(style, start)


def _joined(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    """Stretches of one role with nothing left out between them, as one."""
    last: Stretch | None = None
    for stretch in stretches:
        if last is not None and last.role == stretch.role and not last.left_out:
            last = Stretch(stretch.role, last.cells + stretch.cells, stretch.left_out)
            continue
        if last is not None:
            yield last
        last = stretch
    if last is not None:
        yield last


def weight_style(weight: float, greatest: float) -> str:
    """The colour of a weight, beside the sign that says the same."""
    if weight == 0:
        return "bright_black"
    return "bold green" if weight == greatest else "yellow"


def wrapped(cells: list[Cell], width: int, signs: Signs) -> Iterator[list[Cell]]:
    """Lines that end behind newlines and, where one is too long, behind a space if there is one.

    A space at a line's end is shown by its sign: it could not be seen.
    """
    line: list[Cell] = []
    used = last_space = 0  # columns, and cells up to and with the last space
    for cell in cells:
        if used + cell.width > width and line:
            at = last_space or len(line)
            yield _ended(line[:at], signs)
            line = line[at:]
            used, last_space = sum(each.width for each in line), 0
        line.append(cell)
        used += cell.width
        if cell.is_space:
            last_space = len(line)
        if cell.ends_line:
            yield line
            line, used, last_space = [], 0, 0
    if line:
        yield _ended(line, signs)


def _ended(line: list[Cell], signs: Signs) -> list[Cell]:
    if line[-1].shown != " ":
        return line
    if line[-1].is_sign:  # it only keeps tokens apart
        return line[:-1]
    return [*line[:-1], line[-1]._replace(shown=signs.space, is_sign=True)]


def folded(text: str, width: int) -> list[str]:
    """Words of ours in lines of a width; a word longer than that is broken."""
    import textwrap

    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]

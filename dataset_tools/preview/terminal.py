"""A preview for people: segments in their own styles, then tokens, then what inference sends."""

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from dataset_tools.preview.view import RecordView, TokenizedView
from dataset_tools.printable import printable
from dataset_tools.prompt_format import PROMPT_ROLES, Segment
from dataset_tools.tokens import IGNORED_LABEL, TrainingSequence

_STYLES = {
    "prompt": "cyan",
    "separator": "bold magenta",
    "completion": "green",
    "text": "green",
    "stop_sequence": "bold yellow",
}
_TRAINED, _MASKED = "green", "dim"
_SIGNS = {"\n": "↵", "\t": "→", " ": "·"}
_ASCII_SIGNS = {"\n": "\\n", "\t": "\\t", " ": "_"}


def show(view: RecordView, console: Console) -> None:
    """Print the view; nothing in the record is taken for markup or a terminal's control codes."""
    signs = _SIGNS if console.encoding.lower().startswith("utf") else _ASCII_SIGNS
    parts: list[RenderableType] = [_segments_table(view.segments, signs)]
    if view.tokenized is not None:
        parts.extend(_token_lines(view, view.tokenized))
    parts.append(_inference_lines(view))
    console.print(Panel(Group(*parts), title=_title(view), title_align="left"))


def _title(view: RecordView) -> Text:
    place = printable(f"{view.path}:{view.line}")
    weight = "" if view.record.weight == 1 else f"  weight {view.record.weight:g}"
    return Text(f"{place}  {view.record.format}{weight}", style="bold")


def _segments_table(segments: tuple[Segment, ...], signs: dict[str, str]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for segment in segments:
        style = _STYLES[segment.role]
        shown = _visible(
            segment.text, signs, is_mark=segment.role in ("separator", "stop_sequence")
        )
        table.add_row(segment.role.replace("_", " "), Text(shown, style=style))
    table.add_row("EOS", Text("the tokenizer's end-of-sequence token", style=_MASKED))
    return table


def _visible(text: str, signs: dict[str, str], *, is_mark: bool) -> str:
    """The text with white space shown by signs: all of it in a mark, at the edges elsewhere."""
    if is_mark:
        return "".join(signs.get(character) or printable(character) for character in text)
    bare = text.strip(" \t\n")
    if not bare:
        return _visible(text, signs, is_mark=True)
    before, _, after = text.partition(bare)
    inner = "\n".join(printable(line.expandtabs(4)) for line in bare.split("\n"))
    return _visible(before, signs, is_mark=True) + inner + _visible(after, signs, is_mark=True)


def _token_lines(view: RecordView, tokenized: TokenizedView) -> Iterator[RenderableType]:
    chunk_size = view.training_format.chunk_size
    if not tokenized.sequences:
        yield Text(f"\ndropped: longer than chunk_size ({chunk_size} tokens)", style="bold red")
    for sequence, spelling in zip(tokenized.sequences, tokenized.spelling, strict=True):
        trained = sum(label != IGNORED_LABEL for label in sequence.labels)
        yield Text(
            f"\n{len(sequence.input_ids)} tokens of {chunk_size}, {trained} trained"
            + (f", {sequence.tokens_cut} cut off the prompt" if sequence.tokens_cut else ""),
            style="bold",
        )
        yield _token_strip(sequence, spelling)


def _token_strip(sequence: TrainingSequence, spelling: list[str]) -> Text:
    """The tokens, every other one underlined to show its bounds, masked ones dim."""
    strip = Text()
    for index, token in enumerate(spelling):
        masked = sequence.labels[index] == IGNORED_LABEL
        style = f"{_MASKED if masked else _TRAINED}{' underline' if index % 2 else ''}"
        if index == sequence.completion_start > 0:
            strip.append("| ", style="bold")
        strip.append(printable(token), style=style)
        strip.append(" ")
    return strip


def _inference_lines(view: RecordView) -> Text:
    lines = Text("\n")
    if view.inference_prompt is not None:
        lines.append("send at inference: ", style="bold")
        shown = "".join(part.text for part in view.segments if part.role in PROMPT_ROLES)
        lines.append(f"{shown!r}\n")
    stop = view.training_format.prompt_format.stop_sequence
    lines.append("stop at:           ", style="bold")
    lines.append(f"{stop!r} or EOS" if stop else "EOS")
    return lines

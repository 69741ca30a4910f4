"""A preview for people: a header, the record with its tokens, findings, what inference sends."""

import json
import os
import sys
from collections.abc import Iterable, Iterator

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from dataset_tools.findings import Finding
from dataset_tools.preview.cells import (
    Cell,
    Stretch,
    end_of_run,
    run_stretches,
    segment_texts,
    spelled_tokens,
    text_stretches,
)
from dataset_tools.preview.layout import CUT_STYLE, Layout, folded, weight_style
from dataset_tools.preview.signs import Signs, signs_for
from dataset_tools.preview.view import RecordView, RejectedLine, TokenizedView, TokenRun

NARROWEST = 20  # columns; where there are fewer, the terminal breaks the lines
MOST_RUNS = 4  # sequences of a text that are shown; of more, the first ones and the last
LONGEST_PROMPT = 4000  # characters of an inference prompt
_EOS_WORDS = "the tokenizer's end-of-sequence token"
_SEVERITY_STYLES = {"error": "bold red", "warning": "yellow", "info": "blue"}


class Terminal(Console):
    """Standard output, on which text is what it is; colour and styles only if `color`."""

    def __init__(self, *, color: bool) -> None:
        # not a terminal to rich where there is to be no colour: it would still write bold
        super().__init__(force_terminal=color, highlight=False, markup=False, emoji=False)

    def on_broken_pipe(self) -> None:
        """End as `| head` expects it, with success; rich would end with a failure."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0)


def show(view: RecordView | RejectedLine, console: Console) -> None:
    """Print the view; nothing in the record is taken for markup or a terminal's control codes."""
    signs = signs_for(console.encoding)
    width = max(console.width, NARROWEST)
    print_lines(console, [heading(f"{view.path}:{view.line}", width, signs)])
    print_lines(console, body(view, width, signs))
    if isinstance(view, RecordView):
        # unbroken, so that what is copied holds no line breaks of ours
        print_lines(console, inference_lines(view, width, signs))
    console.print()


def print_lines(console: Console, lines: Iterable[Text]) -> None:
    """Print lines that have the width they are to have."""
    for line in lines:
        console.print(line, soft_wrap=True)


def heading(title: str, width: int, signs: Signs) -> Text:
    """A rule with a title in it."""
    shown = signs.shown_text(title)
    room = width - 6
    if cell_len(shown) > room:
        while shown and cell_len(shown) > room - len(signs.ellipsis):
            shown = shown[1:]
        shown = signs.ellipsis + shown
    text = Text(f"{signs.rule * 2} ", style="bright_black")
    text.append(shown, style="bold default")
    text.append(f" {signs.rule * max(2, width - 4 - cell_len(shown))}")
    return text


def body(view: RecordView | RejectedLine, width: int, signs: Signs) -> Iterator[Text]:
    """What is known of the line, from its format to lint's findings; no line is wider."""
    if isinstance(view, RejectedLine):
        yield from _folded("no record to train on; the line as it stands:", width, "bold red")
        yield Text()
        raw = view.content.removesuffix(b"\n").decode("utf-8", "backslashreplace")
        yield from Layout(signs, width, None, 1).lines(text_stretches([("line", raw)], signs))
    else:
        yield from _folded(f" {signs.bullet} ".join(_facts(view)), width, "bold")
        yield Text()
        yield from _record_lines(view, width, signs)
        if view.notes:
            yield Text()
        for note in view.notes:
            yield from _folded(f"note: {note}", width, "yellow")
    if view.findings:
        yield Text()
    for finding in view.findings:
        yield from _finding_lines(finding, width, signs)


def _facts(view: RecordView) -> Iterator[str]:
    yield view.record.format
    yield f"weight {view.record.weight:g}"
    tokenized, chunk_size = view.tokenized, view.training_format.chunk_size
    if tokenized is None:
        yield "no tokenizer: text alone"
        return
    yield f"{tokenized.token_count:,} tokens of chunk_size {chunk_size:,}"
    if len(tokenized.runs) > 1:
        yield f"{len(tokenized.runs):,} sequences"
    trained = sum(weight > 0 for run in tokenized.runs for weight in run.target_weights)
    yield f"{trained:,} {'carries' if trained == 1 else 'carry'} loss"
    cut = sum(sequence.tokens_cut for sequence in tokenized.sequences)
    if cut:
        yield f"{cut:,} cut off the prompt"


def _record_lines(view: RecordView, width: int, signs: Signs) -> Iterator[Text]:
    tokenized = view.tokenized
    if tokenized is None or any(run.spans is None for run in tokenized.runs):
        layout = Layout(signs, width, None, 1)
        yield from layout.lines(text_stretches(segment_texts(view), signs))
        if tokenized is None:
            cells = [Cell(character, 1, is_space=character == " ") for character in _EOS_WORDS]
            yield from layout.lines([Stretch("EOS", cells)])
            return
        yield Text()
    if tokenized.refusal:
        yield from _folded(tokenized.refusal, width, "bold red")
        yield Text()
    weights = sorted({weight for run in tokenized.runs for weight in run.target_weights})
    greatest = (weights[-1] if weights else 0.0) or 1.0
    layouts = [Layout(signs, width, run, greatest) for run in tokenized.runs]
    yield from _run_lines(view, tokenized.runs, layouts, width, signs)
    yield Text()
    yield from _legend(tokenized, weights, greatest, width, signs)
    words = "A token begins at its sign."
    if any(layout.has_further_tokens for layout in layouts):
        words = f"A token begins at its sign; {signs.further_token} is one more of a character."
    yield from _folded(words, width, "bright_black")


def _run_lines(
    view: RecordView, runs: list[TokenRun], layouts: list[Layout], width: int, signs: Signs
) -> Iterator[Text]:
    left_out = range(MOST_RUNS - 1, len(runs) - 1) if len(runs) > MOST_RUNS else range(0)
    start = 0  # character at which the run begins
    for index, (run, layout) in enumerate(zip(runs, layouts, strict=True)):
        if index == left_out.start and left_out:
            yield Text()
            words = f"[{signs.ellipsis} {len(left_out):,} sequences left out {signs.ellipsis}]"
            yield from _folded(words, width, "italic bright_black")
        if index not in left_out:
            if index:
                yield Text()
            if len(runs) > 1:
                words = f"sequence {index + 1:,} of {len(runs):,}: {len(run.ids):,} tokens"
                yield from _folded(words, width, "bold")
            if run.spans is None:
                yield from layout.lines(spelled_tokens(run, signs))
            else:
                yield from layout.lines(run_stretches(view, run, signs, start))
        start = end_of_run(run)


def _legend(
    tokenized: TokenizedView, weights: list[float], greatest: float, width: int, signs: Signs
) -> Iterator[Text]:
    """What the strip's signs mean: a line, or several where there is less room."""
    entries = [
        (signs.weight(weight, greatest), f"{weight:g}", weight_style(weight, greatest))
        for weight in reversed(weights)
        if weight > 0
    ]
    entries.append((signs.no_loss, "none", "bright_black"))
    if any(run.cut for run in tokenized.runs):
        entries.append((signs.cut, "cut", CUT_STYLE))
    line = Text("loss weight:", style="bold")
    for sign, words, style in entries:
        entry = Text.assemble("  ", (sign, f"not bold {style}"), (f" {words}", "not bold"))
        if line.cell_len + entry.cell_len > width:
            yield line
            line = Text()
        line.append_text(entry)
    yield line


def _finding_lines(finding: Finding, width: int, signs: Signs) -> Iterator[Text]:
    words = f"{finding.code} {finding.severity}: {signs.shown_text(finding.message)}"
    for index, line in enumerate(folded(words, width)):
        text = Text(line)
        if index == 0:
            text.stylize(_SEVERITY_STYLES[finding.severity], 0, len(finding.code))
        yield text


def inference_lines(view: RecordView, width: int, signs: Signs) -> Iterator[Text]:
    """The exact prompt to send and where to stop, as JSON strings, each on a line of its own."""
    if view.inference_prompt is not None:
        yield Text()
        yield from _folded("send at inference, as a JSON string:", width, "bold")
        if len(view.inference_prompt) <= LONGEST_PROMPT:
            yield Text(json_string(view.inference_prompt, signs))
        else:
            words = (
                f"[{len(view.inference_prompt):,} characters, too long to show; "
                "--format json holds it]"
            )
            yield from _folded(words, width, "italic bright_black")
    stop = view.training_format.prompt_format.stop_sequence
    yield Text()
    yield Text.assemble(
        ("stop at: ", "bold"), f"{json_string(stop, signs)} or EOS" if stop else "EOS"
    )


def json_string(text: str, signs: Signs) -> str:
    """The text as a JSON string, all that is unsafe or invisible escaped."""
    spelt = json.dumps(text, ensure_ascii=False)
    if spelt.isascii() and spelt.isprintable():
        return spelt
    return "".join(
        character if signs.shown(character) == character else json.dumps(character)[1:-1]
        for character in spelt
    )


def _folded(words: str, width: int, style: str) -> Iterator[Text]:
    return (Text(line, style=style) for line in folded(words, width))

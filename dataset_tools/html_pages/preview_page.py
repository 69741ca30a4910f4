"""The page of a preview: records as the trainer will see them, and lint's findings for them.

Its size stays bounded: `MOST_RECORDS` are shown, which share `PAGE_CHARACTERS`; of a longer text
the two ends are shown, and what is missing between them is said.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dataset_tools.findings import Finding
from dataset_tools.html_pages.page import render
from dataset_tools.html_pages.token_spans import Passage, passages, weight_level
from dataset_tools.preview.cells import (
    Room,
    end_of_run,
    run_stretches,
    segment_texts,
    spelled_tokens,
    text_stretches,
)
from dataset_tools.preview.signs import UNICODE_SIGNS
from dataset_tools.preview.terminal import json_string
from dataset_tools.preview.view import RecordView, RejectedLine, TokenRun

MOST_RECORDS = 200
PAGE_CHARACTERS = 120_000  # of texts, and so about the most tokens, on the page
_MOST_IN_A_STRETCH = 12_000
_WHOLE_PROMPT = 2_000  # characters of a prompt to send that are always there
_STRETCHES_IN_A_RECORD = 3  # prompt, completion, and what marks may have
MOST_SEQUENCES = 4  # of a long text; of more, the first ones and the last
MOST_FINDINGS_OF_A_RECORD = 20

View = RecordView | RejectedLine


class Fact(NamedTuple):
    """A name and a value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class SequenceBlock:
    """One sequence: its passages, and what stands above them; `gap` says what comes before it."""

    passages: list[Passage]
    heading: str = ""
    gap: str = ""


@dataclass(frozen=True, slots=True)
class WeightKey:
    """An entry of the legend of weights."""

    weight: float
    level: int


@dataclass(frozen=True, slots=True)
class RecordBlock:
    """All that the page says of one line of the file."""

    anchor: str
    line: int
    findings: list[Finding]
    findings_left_out: int
    texts: list[Passage]  # where tokens are not shown in the text
    refusal: str = ""
    is_rejected: bool = False  # it holds no record, and what follows is not known
    facts: Sequence[Fact] = ()
    sequences: Sequence[SequenceBlock] = ()
    weights: Sequence[WeightKey] = ()
    has_cut: bool = False
    notes: Sequence[str] = ()
    prompt_json: str | None = None
    prompt_left_out: int = 0  # characters, of a prompt too long for the page
    stop_json: str | None = None


def render_preview(path: str, views: Sequence[View], notes: Sequence[str] = ()) -> bytes:
    """The page that shows the views of a file's lines, at least one; raises MissingExtraError."""
    shown = views[:MOST_RECORDS]
    room = room_for(len(shown))
    notes = list(notes)
    if len(views) > len(shown):
        notes.append(f"a page shows {MOST_RECORDS:,} records; the others asked for are left out")
    records = [_record(view, room) for view in shown]
    codes = Counter(finding.code for record in records for finding in record.findings)
    return render(
        "preview.html.jinja",
        "page.css",
        ("theme.js", "preview.js"),
        title=f"{path}: preview",
        path=path,
        records=records,
        codes=sorted(codes.items()),
        notes=notes,
        has_tokens=any(record.sequences for record in records),
    )


def room_for(records: int) -> Room:
    """How much of each text there is room for on a page of so many records."""
    longest = min(_MOST_IN_A_STRETCH, PAGE_CHARACTERS // (records * _STRETCHES_IN_A_RECORD))
    at_start = longest * 2 // 3
    return Room(longest, at_start, longest - at_start)


def _record(view: View, room: Room) -> RecordBlock:
    if isinstance(view, RejectedLine):
        return _rejected(view, room)
    tokenized = view.tokenized
    runs = tokenized.runs if tokenized else []
    weights = sorted({weight for run in runs for weight in run.target_weights} - {0}, reverse=True)
    greatest = weights[0] if weights else 1.0
    texts = []
    if tokenized is None or any(run.spans is None for run in runs):
        stretches = text_stretches(segment_texts(view), UNICODE_SIGNS, room)
        texts = list(passages(stretches, None, greatest))
    prompt, stop = view.inference_prompt, view.training_format.prompt_format.stop_sequence
    fits = prompt is not None and len(prompt) <= max(room.longest, _WHOLE_PROMPT)
    return RecordBlock(
        anchor=f"line-{view.line}",
        line=view.line,
        findings=list(view.findings[:MOST_FINDINGS_OF_A_RECORD]),
        findings_left_out=max(0, len(view.findings) - MOST_FINDINGS_OF_A_RECORD),
        texts=texts,
        refusal=(tokenized.refusal if tokenized else None) or "",
        facts=list(_facts(view)),
        sequences=list(_sequences(view, runs, greatest, room)),
        weights=[WeightKey(weight, weight_level(weight, greatest)) for weight in weights],
        has_cut=any(run.cut for run in runs),
        notes=view.notes,
        prompt_json=json_string(prompt, UNICODE_SIGNS) if prompt is not None and fits else None,
        prompt_left_out=len(prompt) if prompt is not None and not fits else 0,
        stop_json=json_string(stop, UNICODE_SIGNS) if stop else None,
    )


def _rejected(line: RejectedLine, room: Room) -> RecordBlock:
    raw = line.content.removesuffix(b"\n").decode("utf-8", "backslashreplace")
    return RecordBlock(
        anchor=f"line-{line.line}",
        line=line.line,
        findings=list(line.findings[:MOST_FINDINGS_OF_A_RECORD]),
        findings_left_out=max(0, len(line.findings) - MOST_FINDINGS_OF_A_RECORD),
        texts=list(passages(text_stretches([("line", raw)], UNICODE_SIGNS, room), None, 1)),
        refusal="no record to train on; the line as it stands",
        is_rejected=True,
    )


def _facts(view: RecordView) -> Iterator[Fact]:
    yield Fact("format", view.record.format)
    yield Fact("weight", f"{view.record.weight:g}")
    tokenized = view.tokenized
    if tokenized is None:
        yield Fact("characters", f"{len(view.text):,}")
        return
    yield Fact(
        "tokens", f"{tokenized.token_count:,} of chunk_size {view.training_format.chunk_size:,}"
    )
    if len(tokenized.runs) > 1:
        yield Fact("sequences", f"{len(tokenized.runs):,}")
    carrying = sum(weight > 0 for run in tokenized.runs for weight in run.target_weights)
    yield Fact("carry loss", f"{carrying:,}")
    cut = sum(sequence.tokens_cut for sequence in tokenized.sequences)
    if cut:
        yield Fact("cut off the prompt", f"{cut:,}")


def _sequences(
    view: RecordView, runs: Sequence[TokenRun], greatest: float, room: Room
) -> Iterator[SequenceBlock]:
    left_out = range(MOST_SEQUENCES - 1, len(runs) - 1) if len(runs) > MOST_SEQUENCES else range(0)
    start = 0  # character at which the run begins
    for index, run in enumerate(runs):
        if index not in left_out:
            stretches = (
                spelled_tokens(run, UNICODE_SIGNS, room)
                if run.spans is None
                else run_stretches(view, run, UNICODE_SIGNS, start, room)
            )
            heading = f"sequence {index + 1:,} of {len(runs):,}: {len(run.ids):,} tokens"
            yield SequenceBlock(
                list(passages(stretches, run, greatest)),
                heading if len(runs) > 1 else "",
                f"{len(left_out):,} sequences left out" if index == left_out.stop > 0 else "",
            )
        start = end_of_run(run)

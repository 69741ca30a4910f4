"""A preview for programs: one JSON object a sequence, one sequence a line.

A record is one sequence, except a long text, which trains as several, and a dropped record, which
has no tokens. `start` and `end` of a segment count characters of the segments put together.
"""

import json
from collections.abc import Iterator
from typing import Any

from dataset_tools.preview.view import RecordView, TokenizedView


def render(view: RecordView) -> str:
    """The view's sequences, one JSON object a line."""
    return "\n".join(json.dumps(row) for row in _rows(view))


def _rows(view: RecordView) -> Iterator[dict[str, Any]]:
    common = {
        "path": view.path,
        "line": view.line,
        "format": view.record.format,
        "segments": _segments(view),
        "inference_prompt": view.inference_prompt,
        "stop_sequence": view.training_format.prompt_format.stop_sequence or None,
    }
    if view.tokenized is None:
        yield common
    elif not view.tokenized.sequences:
        yield {**common, "dropped": True, "truncated": False, "input_ids": [], "labels": [],
               "loss_weights": [], "tokens": []}  # fmt: skip
    else:
        yield from ({**common, **row} for row in _sequences(view.tokenized))


def _segments(view: RecordView) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    start = 0
    for segment in view.segments:
        end = start + len(segment.text)
        rows.append({"role": segment.role, "text": segment.text, "start": start, "end": end})
        start = end
    return rows


def _sequences(tokenized: TokenizedView) -> Iterator[dict[str, Any]]:
    for sequence, spelling in zip(tokenized.sequences, tokenized.spelling, strict=True):
        yield {
            "dropped": False,
            "truncated": sequence.tokens_cut > 0,
            "tokens_cut": sequence.tokens_cut,
            "input_ids": sequence.input_ids,
            "labels": sequence.labels,
            "loss_weights": sequence.loss_weights,
            "tokens": spelling,
        }

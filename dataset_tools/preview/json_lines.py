"""A preview for programs: one JSON object a sequence, one sequence a line.

A record is one sequence, except a long text, which trains as several, and a dropped record, which
has no tokens. `start` and `end` of segments and tokens count characters of the segments put
together. What is not ASCII is escaped, so that no text can act on a terminal, and none is changed.
"""

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import Any

from dataset_tools.findings import Finding
from dataset_tools.preview.view import RecordView, RejectedLine, TokenizedView, TokenRun
from dataset_tools.printable import encodable


def render(view: RecordView | RejectedLine) -> str:
    """The view's sequences, one JSON object a line."""
    return "\n".join(json.dumps(row) for row in rows_of(view))


def rows_of(view: RecordView | RejectedLine) -> Iterator[dict[str, Any]]:
    """The view's sequences as objects that JSON can hold."""
    if isinstance(view, RejectedLine):
        yield _rejected(view)
        return
    prompt_format = view.training_format.prompt_format
    common = {
        "path": encodable(view.path),
        "line": view.line,
        "format": view.record.format,
        "weight": view.record.weight,
        "segments": _segments(view),
        "inference_prompt": view.inference_prompt,
        "stop_sequence": prompt_format.stop_sequence or None,
        "findings": _findings(view.findings),
        "notes": list(view.notes),
    }
    if view.tokenized is None:
        yield common
        return
    common["chunk_size"] = view.training_format.chunk_size
    common["token_count"] = view.tokenized.token_count
    yield from ({**common, **row} for row in _sequences(view.tokenized))


def _rejected(line: RejectedLine) -> dict[str, Any]:
    row: dict[str, Any] = {
        "path": encodable(line.path),
        "line": line.line,
        "format": None,
        "raw": line.content.decode("utf-8", "replace"),
        "findings": _findings(line.findings),
    }
    if not _is_utf8(line.content):
        row["raw_base64"] = b64encode(line.content).decode("ascii")
    return row


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _findings(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "code": finding.code,
            "severity": str(finding.severity),
            "column": finding.column,
            "message": encodable(finding.message),
        }
        for finding in findings
    ]


def _segments(view: RecordView) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    start = 0
    for segment in view.segments:
        end = start + len(segment.text)
        rows.append({"role": segment.role, "text": segment.text, "start": start, "end": end})
        start = end
    return rows


def _sequences(tokenized: TokenizedView) -> Iterator[dict[str, Any]]:
    for run in tokenized.runs:
        sequence, cut = run.sequence, slice(run.cut.start, run.cut.stop)
        yield {
            "dropped": sequence is None,
            "reason": tokenized.refusal,
            "truncated": sequence is not None and sequence.tokens_cut > 0,
            "tokens_cut": sequence.tokens_cut if sequence else 0,
            "input_ids": sequence.input_ids if sequence else [],
            "labels": sequence.labels if sequence else [],
            "loss_weights": sequence.loss_weights if sequence else [],
            "tokens": _kept(run, run.spelling),
            "token_spans": None if run.spans is None else _kept(run, run.spans),
            "cut": {
                "input_ids": run.ids[cut],
                "tokens": run.spelling[cut],
                "token_spans": None if run.spans is None else run.spans[cut],
            },
        }


def _kept(run: TokenRun, column: list[Any]) -> list[Any]:
    """The entries of the tokens that are trained on."""
    return column[: run.cut.start] + column[run.cut.stop :]

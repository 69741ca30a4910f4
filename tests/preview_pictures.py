"""Previews as a terminal of a given width gets them, and the records of the golden files."""

import io
import re
from typing import Any

from rich.console import Console
from toy_tokenizers import TOY_TOKENIZERS, ByteTokenizer

from dataset_tools.findings import Finding, Severity
from dataset_tools.preview import RecordView, RejectedLine, view_record
from dataset_tools.preview.terminal import show
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.records import Record
from dataset_tools.tokens import TrainingFormat

MARKS = PromptFormat("\n##\n", "\n###\n")
TOKENIZERS: dict[str, Any] = {
    **TOY_TOKENIZERS,
    "bytes": ByteTokenizer(),
    "bytes with BOS": ByteTokenizer(bos_id=1),
}
ODD_TEXT = (
    "[bold]not bold[/] \x1b[31mred\x1b[0m \u202eright to left\u202c zero\u200bwidth "
    "cafe\u0301 \U0001f642 \u65e5\u672c\r\n\ttab \x07"
)


def terminal(width: int = 80, *, color: bool = False) -> Console:
    return Console(
        width=width,
        file=io.StringIO(),
        force_terminal=color,
        color_system="truecolor" if color else None,
        highlight=False,
        markup=False,
        emoji=False,
        _environ={},
    )


def shown(view: RecordView | RejectedLine, width: int = 80, *, color: bool = False) -> str:
    """What a person sees."""
    console = terminal(width, color=color)
    show(view, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def plain(text: str) -> str:
    """The text without colours and styles."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def _finding(code: str, severity: Severity, message: str) -> Finding:
    return Finding("data.jsonl", 7, 1, code, severity, message)


def _view(record: Record, tokenizer: str | None = "words", **keys: object) -> RecordView:
    findings = keys.pop("findings", ())
    training_format = TrainingFormat(**{"prompt_format": MARKS, **keys})  # type: ignore[arg-type]
    chosen = None if tokenizer is None else TOKENIZERS[tokenizer]
    return view_record("data.jsonl", 7, record, training_format, chosen, findings)  # type: ignore[arg-type]


QUESTION = Record(
    "What is the capital of France, and which river runs through it?", " Paris, Seine."
)
VIEWS: dict[str, RecordView | RejectedLine] = {
    "text_alone": _view(QUESTION, None),
    "masked_prompt": _view(QUESTION),
    "weighted_prompt": _view(
        Record(QUESTION.prompt, QUESTION.completion, 2.0), prompt_loss_weight=0.1
    ),
    "cut_prompt": _view(
        QUESTION,
        "characters with BOS",
        chunk_size=40,
        prompt_loss_weight=0.5,
        findings=(
            _finding("DT501", Severity.WARNING, "the record has 90 tokens, chunk_size allows 40"),
            _finding("DT301", Severity.ERROR, "the prompt does not end with the separator '##'"),
        ),
    ),
    "dropped": _view(QUESTION, chunk_size=4),
    "text_in_sequences": _view(Record(None, "Once upon a time. " * 4), chunk_size=8),
    "many_sequences": _view(Record(None, "Once upon a time. " * 30), chunk_size=8),
    "odd_characters": _view(Record(ODD_TEXT, ODD_TEXT)),
    "tokens_of_a_character": _view(
        Record("caf\u00e9 \U0001f642", " \u65e5\u672c"), "bytes", chunk_size=22
    ),
    "rejected": RejectedLine(
        "data.jsonl",
        7,
        b'{"prompt": "a\x1b[31m", \xff "completion": 3}\n',
        (_finding("DT002", Severity.ERROR, "invalid UTF-8"),),
    ),
}

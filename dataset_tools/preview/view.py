"""The view of one record: its segments and, with a tokenizer, the very sequences it trains as.

Everything that shows a record (terminal, JSON) reads it from here and works nothing out itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dataset_tools.findings import Finding
from dataset_tools.prompt_format import Segment
from dataset_tools.records import Record
from dataset_tools.tokens import (
    IGNORED_LABEL,
    EncodedRecord,
    RecordTooLongError,
    Tokenizer,
    TrainingFormat,
    TrainingSequence,
    encode_record,
    fit,
)

CharacterSpan = tuple[int, int]  # start and end (excluded), in the segments put together


class SpellingTokenizer(Tokenizer, Protocol):
    """What showing tokens takes, beside making them."""

    def spell(self, ids: list[int]) -> list[str]:
        """The tokens as the vocabulary spells them."""

    def encode_with_spans(self, text: str) -> tuple[list[int], list[CharacterSpan] | None]:
        """What `encode` gives, and the characters of each token, where the tokenizer tells."""


@dataclass(frozen=True, slots=True)
class TokenRun:
    """One sequence's tokens as they stand in the text, those that are cut among them.

    `ids`, `spelling` and `spans` have an entry a token; BOS and EOS stand for no character.
    """

    ids: list[int]
    spelling: list[str]
    spans: list[CharacterSpan] | None  # None where the tokenizer does not tell
    cut: range  # the indices of the tokens that are not trained on, as they do not fit
    sequence: TrainingSequence | None  # what is left for training; None for a dropped record
    starts_with_bos: bool
    ends_with_eos: bool

    def label(self, index: int) -> int:
        """The token's label; -100 where it is no target, and where it is cut."""
        place = self._place(index)
        if self.sequence is None or place is None:
            return IGNORED_LABEL
        return self.sequence.labels[place]

    def loss_weight(self, index: int) -> float:
        """What the token's loss is multiplied by; 0 where it has none."""
        place = self._place(index)
        if self.sequence is None or place is None or self.sequence.labels[place] == IGNORED_LABEL:
            return 0.0
        return self.sequence.loss_weights[place]

    @property
    def target_weights(self) -> list[float]:
        """The loss weights of the tokens that are targets, in their order."""
        if self.sequence is None:
            return []
        labels, weights = self.sequence.labels, self.sequence.loss_weights
        return [
            weight for label, weight in zip(labels, weights, strict=True) if label != IGNORED_LABEL
        ]

    def _place(self, index: int) -> int | None:
        """The token's index in `sequence`, or None where it is cut."""
        if index in self.cut:
            return None
        return index if index < self.cut.start else index - len(self.cut)


@dataclass(frozen=True, slots=True)
class TokenizedView:
    """The record's tokens: one run a sequence, or one with nothing left for a dropped record."""

    runs: list[TokenRun]
    token_count: int  # before any is cut
    refusal: str | None = None  # why training takes nothing of the record

    @property
    def sequences(self) -> list[TrainingSequence]:
        """What the trainer is fed."""
        return [run.sequence for run in self.runs if run.sequence is not None]


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record, and everything the trainer makes of it; `tokenized` needs a tokenizer."""

    path: str
    line: int
    record: Record
    segments: tuple[Segment, ...]
    training_format: TrainingFormat
    inference_prompt: str | None  # None for a text record
    tokenized: TokenizedView | None = None
    findings: tuple[Finding, ...] = ()  # lint's, for this line
    notes: tuple[str, ...] = ()  # what else keeps the record from training as shown

    @property
    def text(self) -> str:
        """The segments put together, to which the spans of tokens refer."""
        return "".join(segment.text for segment in self.segments)


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """A line that holds no record to train on, and what lint has to say of it."""

    path: str
    line: int
    content: bytes
    findings: tuple[Finding, ...] = ()


def view_record(
    path: str,
    line: int,
    record: Record,
    training_format: TrainingFormat,
    tokenizer: SpellingTokenizer | None = None,
    findings: tuple[Finding, ...] = (),
    notes: tuple[str, ...] = (),
) -> RecordView:
    """Look at a record through the functions that training uses."""
    prompt_format = training_format.prompt_format
    return RecordView(
        path=path,
        line=line,
        record=record,
        segments=prompt_format.segments(record),
        training_format=training_format,
        inference_prompt=(
            None if record.prompt is None else prompt_format.inference_prompt(record.prompt)
        ),
        tokenized=None if tokenizer is None else _tokenized(record, training_format, tokenizer),
        findings=findings,
        notes=notes,
    )


def _tokenized(
    record: Record, training_format: TrainingFormat, tokenizer: SpellingTokenizer
) -> TokenizedView:
    listener = _Listener(tokenizer)
    encoded = encode_record(record, training_format.prompt_format, listener)
    ids = encoded.prompt_ids + encoded.completion_ids
    spelling = tokenizer.spell(ids)
    spans = listener.spans(training_format.prompt_format.segments(record), len(ids))
    refusal: str | None = None
    sequences: list[TrainingSequence] = []
    try:
        sequences = fit(encoded, record, training_format, tokenizer.bos_id)
    except RecordTooLongError as error:
        refusal = f"training refuses it: {error}"
    if not sequences:
        refusal = refusal or _why_dropped(encoded, training_format)
    runs, start = [], 0
    for sequence in sequences or (None,):
        end = len(ids)
        if sequence is not None:
            end = start + len(sequence.input_ids) + sequence.tokens_cut
        runs.append(
            TokenRun(
                ids=ids[start:end],
                spelling=spelling[start:end],
                spans=None if spans is None else spans[start:end],
                cut=_cut(sequence, end - start, tokenizer.bos_id),
                sequence=sequence,
                starts_with_bos=start == 0 and tokenizer.bos_id is not None,
                ends_with_eos=end == len(ids),
            )
        )
        start = end
    return TokenizedView(runs, len(ids), refusal)


def _why_dropped(encoded: EncodedRecord, training_format: TrainingFormat) -> str:
    chunk_size = training_format.chunk_size
    if training_format.on_too_long == "drop":
        return f"dropped: {len(encoded)} tokens, chunk_size allows {chunk_size} (on_too_long: drop)"
    completion = len(encoded.completion_ids)
    return f"dropped: the completion alone has {completion} tokens, chunk_size allows {chunk_size}"


def _cut(sequence: TrainingSequence | None, count: int, bos_id: int | None) -> range:
    """Which of a run's tokens are cut: behind BOS, which stays in front of what is left."""
    if sequence is None:
        return range(count)
    first = int(bos_id is not None and sequence.completion_start > 0)
    return range(first, first + sequence.tokens_cut)


class _Listener:
    """A tokenizer that remembers where in the texts that it encodes their tokens stand."""

    def __init__(self, tokenizer: SpellingTokenizer) -> None:
        self.tokenizer = tokenizer
        self.bos_id, self.eos_id = tokenizer.bos_id, tokenizer.eos_id
        self.spans_in: dict[str, list[CharacterSpan] | None] = {"": []}

    def encode(self, text: str) -> list[int]:
        """The ids, as the tokenizer gives them."""
        ids, self.spans_in[text] = self.tokenizer.encode_with_spans(text)
        return ids

    def spans(self, segments: Sequence[Segment], tokens: int) -> list[CharacterSpan] | None:
        """The characters of each token of the record whose two sides were encoded.

        None where the tokenizer does not tell for both.
        """
        sent = "".join(part.text for part in segments if part.is_prompt_side)
        written = "".join(part.text for part in segments if not part.is_prompt_side)
        left, right = self.spans_in[sent], self.spans_in[written]
        if left is None or right is None:
            return None
        end = len(sent) + len(written)
        bos = [] if self.bos_id is None else [(0, 0)]
        moved = [(start + len(sent), stop + len(sent)) for start, stop in right]
        spans = [*bos, *left, *moved, (end, end)]
        return spans if len(spans) == tokens else None

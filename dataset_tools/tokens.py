"""Tokens, labels and loss weights of a record: the numbers the trainer is fed.

One record becomes `[BOS] prompt separator | completion stop EOS`, the two sides of the bar
tokenised apart, so that training sees exactly the token prefix that inference will send. With
prompt loss weight p and record weight w:

    token          BOS   prompt  separator  completion  stop   EOS
    loss weight    p·w   p·w     p·w        w           w      w
    label          -100  id*     id*        id          id     id      * -100 where p is 0

The first token of a sequence is never a target: nothing precedes it, and in a packed batch it
would be trained to follow its neighbour's last token.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Literal, Protocol, get_args

from msgspec import Struct, field

from dataset_tools.errors import InputError
from dataset_tools.packing import Packing
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.records import Record

IGNORED_LABEL = -100  # torch.nn.CrossEntropyLoss's ignore_index

OnTooLong = Literal["truncate_prompt", "drop", "error"]
ON_TOO_LONG_CHOICES: tuple[OnTooLong, ...] = get_args(OnTooLong)


class Tokenizer(Protocol):
    """The little that rendering needs to know of a tokenizer."""

    @property
    def bos_id(self) -> int | None:
        """The token every sequence starts with, or None where the tokenizer adds none."""

    @property
    def eos_id(self) -> int:
        """The token every record ends with."""

    def encode(self, text: str) -> list[int]:
        """The text's token ids, without special tokens around them."""


class BatchTokenizer(Tokenizer, Protocol):
    """A tokenizer that takes many texts at once, which is faster."""

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text, as `encode` gives them."""


class TrainingFormat(Struct, frozen=True):
    """All that decides which tokens, labels and weights a record becomes."""

    prompt_format: PromptFormat = PromptFormat()
    chunk_size: int = 2048  # tokens, BOS and EOS included
    on_too_long: OnTooLong = "truncate_prompt"
    prompt_loss_weight: float = 0.0
    packing: Packing = "none"

    @property
    def packs(self) -> bool:
        """Whether several records share a row of `chunk_size` tokens."""
        return self.packing != "none"

    @property
    def longest_sequence(self) -> float:
        """How many tokens a record may have; in a wrapped stream it runs on into the next chunk."""
        return math.inf if self.packing == "wrapped" else self.chunk_size


class TrainingSequence(Struct, frozen=True):
    """One sequence as the trainer is fed it; the three lists have one entry a token."""

    input_ids: list[int]
    labels: list[int]
    loss_weights: list[float]
    completion_start: int  # index of the first token that inference leaves to the model
    cut_ids: list[int] = field(default_factory=list)  # tokens of the prompt that did not fit

    @property
    def tokens_cut(self) -> int:
        """How many tokens of the prompt did not fit."""
        return len(self.cut_ids)

    @property
    def completion_mask(self) -> list[int]:
        """1 for each token of the completion, its stop sequence and EOS, 0 for the prompt's."""
        return [int(index >= self.completion_start) for index in range(len(self.input_ids))]


class EncodedRecord(Struct, frozen=True):
    """A record's token ids, none cut: those inference sends, and those the model is to write.

    BOS stands before the first of them, EOS behind the last; a text record's first list is empty.
    """

    prompt_ids: list[int]
    completion_ids: list[int]

    def __len__(self) -> int:
        return len(self.prompt_ids) + len(self.completion_ids)


class RecordTooLongError(InputError):
    """A record longer than `chunk_size` under `on_too_long: error`."""


def tokenize(
    record: Record, training_format: TrainingFormat, tokenizer: Tokenizer
) -> list[TrainingSequence]:
    """The sequences a record trains as: one, several for a long text, none for a dropped record.

    A prompt that does not fit is cut on its left, behind BOS; completion and stop sequence never
    are. Raises RecordTooLongError where `on_too_long` is "error".
    """
    encoded = encode_record(record, training_format.prompt_format, tokenizer)
    return fit(encoded, record, training_format, tokenizer.bos_id)


def encode_records(
    records: Sequence[Record], prompt_format: PromptFormat, tokenizer: BatchTokenizer
) -> Iterator[EncodedRecord]:
    """What `encode_record` gives for each of the records, at the speed of a batch."""
    sent = tokenizer.encode_batch(
        [
            "" if record.prompt is None else prompt_format.inference_prompt(record.prompt)
            for record in records
        ]
    )
    written = tokenizer.encode_batch([_stopped(record, prompt_format) for record in records])
    bos = _bos(tokenizer)
    for record, left, right in zip(records, sent, written, strict=True):
        completion_ids = [*right, tokenizer.eos_id]
        if record.prompt is None:
            yield EncodedRecord([], bos + completion_ids)
        else:
            yield EncodedRecord(bos + left, completion_ids)


def encode_record(
    record: Record, prompt_format: PromptFormat, tokenizer: Tokenizer
) -> EncodedRecord:
    """The record's tokens as they are before any is cut."""
    completion_ids = [*tokenizer.encode(_stopped(record, prompt_format)), tokenizer.eos_id]
    if record.prompt is None:
        return EncodedRecord([], _bos(tokenizer) + completion_ids)
    return EncodedRecord(inference_ids(record.prompt, prompt_format, tokenizer), completion_ids)


def fit(
    encoded: EncodedRecord, record: Record, training_format: TrainingFormat, bos_id: int | None
) -> list[TrainingSequence]:
    """The sequences that the record's tokens train as, cut, split or dropped as `tokenize` says."""
    prompt_ids, completion_ids = encoded.prompt_ids, encoded.completion_ids
    chunk_size = training_format.chunk_size
    cut_ids: list[int] = []
    if len(encoded) > training_format.longest_sequence:
        if training_format.on_too_long == "error":
            raise RecordTooLongError(
                f"the record has {len(encoded)} tokens, chunk_size allows {chunk_size}: raise "
                "chunk_size, shorten the record, or set on_too_long to truncate_prompt or drop"
            )
        if training_format.on_too_long == "drop":
            return []
        if record.prompt is None:
            return [
                _sequence([], piece, record, training_format)
                for piece in _consecutive_chunks(completion_ids, chunk_size)
            ]
        if len(completion_ids) > chunk_size:
            return []
        room = chunk_size - len(completion_ids)
        prompt_ids, cut_ids = _cut_left(prompt_ids, room, bos_id)
    return [_sequence(prompt_ids, completion_ids, record, training_format, cut_ids)]


def inference_ids(prompt: str, prompt_format: PromptFormat, tokenizer: Tokenizer) -> list[int]:
    """The token ids to send at inference: the very prefix that training saw."""
    text = prompt_format.inference_prompt(prompt)
    return _bos(tokenizer) + tokenizer.encode(text)


def _bos(tokenizer: Tokenizer) -> list[int]:
    return [] if tokenizer.bos_id is None else [tokenizer.bos_id]


def _stopped(record: Record, prompt_format: PromptFormat) -> str:
    """The text that the model is to write: the completion, and the stop sequence once."""
    return prompt_format.bare_completion(record.completion) + prompt_format.stop_sequence


def _cut_left(prompt_ids: list[int], room: int, bos_id: int | None) -> tuple[list[int], list[int]]:
    """The last ids that fit, and those that don't; BOS, where there is one, stays in front."""
    if room == 0:
        return [], prompt_ids
    if bos_id is None:
        return prompt_ids[-room:], prompt_ids[:-room]
    start = len(prompt_ids) - room + 1
    return [bos_id, *prompt_ids[start:]], prompt_ids[1:start]


def _consecutive_chunks(ids: list[int], chunk_size: int) -> list[list[int]]:
    """The ids in pieces of `chunk_size`; no piece is a lone token, which could not be a target."""
    starts = list(range(0, len(ids), chunk_size))
    if len(ids) - starts[-1] == 1 and chunk_size > 2:
        starts[-1] -= 1
    return [ids[start:end] for start, end in zip(starts, [*starts[1:], len(ids)], strict=True)]


def _sequence(
    prompt_ids: Sequence[int],
    completion_ids: Sequence[int],
    record: Record,
    training_format: TrainingFormat,
    cut_ids: list[int] | None = None,
) -> TrainingSequence:
    input_ids = [*prompt_ids, *completion_ids]
    prompt_weight = training_format.prompt_loss_weight
    labels = list(input_ids)
    if prompt_weight == 0:
        labels[: len(prompt_ids)] = [IGNORED_LABEL] * len(prompt_ids)
    labels[0] = IGNORED_LABEL
    return TrainingSequence(
        input_ids=input_ids,
        labels=labels,
        loss_weights=[prompt_weight * record.weight] * len(prompt_ids)
        + [record.weight] * len(completion_ids),
        completion_start=len(prompt_ids),
        cut_ids=cut_ids or [],
    )

"""The view of one record: its segments and, with a tokenizer, the very sequences it trains as."""

from dataclasses import dataclass

from dataset_tools.prompt_format import Segment
from dataset_tools.records import Record
from dataset_tools.tokenizer import ModelTokenizer
from dataset_tools.tokens import TrainingFormat, TrainingSequence, tokenize


@dataclass(frozen=True, slots=True)
class TokenizedView:
    """The sequences a record trains as, and their tokens as the vocabulary spells them."""

    sequences: list[TrainingSequence]
    spelling: list[list[str]]


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


def view_record(
    path: str,
    line: int,
    record: Record,
    training_format: TrainingFormat,
    tokenizer: ModelTokenizer | None = None,
) -> RecordView:
    """Look at a record through the functions that training uses."""
    prompt_format = training_format.prompt_format
    tokenized = None
    if tokenizer is not None:
        sequences = tokenize(record, training_format, tokenizer)
        spelling = [tokenizer.spell(sequence.input_ids) for sequence in sequences]
        tokenized = TokenizedView(sequences, spelling)
    return RecordView(
        path=path,
        line=line,
        record=record,
        segments=prompt_format.segments(record),
        training_format=training_format,
        inference_prompt=(
            None if record.prompt is None else prompt_format.inference_prompt(record.prompt)
        ),
        tokenized=tokenized,
    )

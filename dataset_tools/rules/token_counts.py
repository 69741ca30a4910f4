"""Token counts of a batch, shared by the rules that compare records with `chunk_size`.

A batch is tokenised once: all token rules look at the same batch one after the other, so the last
one counted is kept. What is encoded are the texts that `dataset_tools.tokens.tokenize` encodes.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, cast

from msgspec import Struct

from dataset_tools.prompt_format import PromptFormat
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.rule import FileContext
from dataset_tools.tokens import BatchTokenizer, TrainingFormat


class CountingTokenizer(BatchTokenizer, Protocol):
    """What the token rules need to know of a tokenizer."""

    @property
    def unknown_id(self) -> int | None:
        """The id that stands for what the vocabulary lacks, or None where there is none."""

    def spell(self, ids: list[int]) -> list[str]:
        """The tokens as the vocabulary spells them."""


class TokenCount(NamedTuple):
    """Tokens of a record's two sides: BOS counts for the first, EOS for the last.

    A text record has no prompt side.
    """

    prompt: int
    completion: int
    is_text: bool

    @property
    def total(self) -> int:
        """All tokens of the record, none cut."""
        return self.prompt + self.completion

    def completion_overflows(self, chunk_size: float) -> bool:
        """Whether no cut of the prompt can make the record fit."""
        return self.completion > chunk_size and not self.is_text

    def is_dropped(self, training_format: TrainingFormat) -> bool:
        """Whether nothing of the record is trained because it is too long."""
        if self.total <= training_format.longest_sequence:
            return False
        return training_format.on_too_long != "truncate_prompt" or self.completion_overflows(
            training_format.longest_sequence
        )


class BatchTokens(Struct, frozen=True):
    """What tokenising told of a batch's records, in their order."""

    counts: list[TokenCount]
    has_unknown: list[bool]  # whether a token of the record is the unknown one


def tokenizer_of(context: FileContext) -> CountingTokenizer:
    """The run's tokenizer, which the context is known to have."""
    return cast(CountingTokenizer, context.inputs.tokenizer)


def trained_prompt_format(context: FileContext) -> PromptFormat:
    """The marks the file would be trained with: its own, else those training adds."""
    added = context.inputs.training_format.prompt_format
    return PromptFormat(
        context.separator.text if context.separator else added.separator,
        context.stop_sequence.text if context.stop_sequence else added.stop_sequence,
    )


def count_batch(batch: RecordBatch, context: FileContext) -> BatchTokens:
    """The counts of the batch's records; the context has a tokenizer."""
    global _last
    if _last is None or _last.batch is not batch or _last.context is not context:
        tokens = _count(batch.prompts, batch.completions, context)
        _last = _Counted(batch, context, tokens)
    return _last.tokens


def count_record(record: Record, context: FileContext) -> TokenCount:
    """The count of one record; the context has a tokenizer."""
    prompts = [] if record.prompt is None else [record.prompt]
    return _count(prompts, [record.completion], context).counts[0]


class _Counted(NamedTuple):
    batch: RecordBatch
    context: FileContext
    tokens: BatchTokens


_last: _Counted | None = None  # holds its batch, so that no other can take its identity


def encode_sides(
    prompts: Sequence[str],
    completions: Sequence[str],
    prompt_format: PromptFormat,
    tokenizer: CountingTokenizer,
) -> tuple[list[list[int]], list[list[int]]]:
    """The ids of what inference sends and of what the model is to write, BOS and EOS left out.

    Of text records, which have no prompts, there are only the latter.
    """
    stop = prompt_format.stop_sequence
    targets = tokenizer.encode_batch(
        [prompt_format.bare_completion(completion) + stop for completion in completions]
    )
    if not prompts:
        return [], targets
    return tokenizer.encode_batch(list(map(prompt_format.inference_prompt, prompts))), targets


def _count(prompts: Sequence[str], completions: Sequence[str], context: FileContext) -> BatchTokens:
    tokenizer = tokenizer_of(context)
    bos, unknown_id = int(tokenizer.bos_id is not None), tokenizer.unknown_id
    prompt_format = trained_prompt_format(context)
    sent, targets = encode_sides(prompts, completions, prompt_format, tokenizer)
    if not prompts:
        counts = [TokenCount(0, bos + len(ids) + 1, True) for ids in targets]
        return BatchTokens(counts, [unknown_id in ids for ids in targets])
    sides = list(zip(sent, targets, strict=True))
    return BatchTokens(
        [TokenCount(bos + len(left), len(right) + 1, False) for left, right in sides],
        [unknown_id in left or unknown_id in right for left, right in sides],
    )

"""The tokens of records: counted with the model's tokenizer, or estimated from their bytes.

Without a tokenizer a side of a record, prompt and separator or completion and stop sequence, is
taken to have a token for every `BYTES_A_TOKEN` bytes of UTF-8, rounded up; EOS is one more, and no
BOS is supposed. Four characters a token is OpenAI's rule of thumb for English; in bytes it holds
for other scripts, too, of which a character takes two to four: within a third either way for the
texts and tokenizers of today, and no better.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from dataset_tools.prompt_format import PromptFormat
from dataset_tools.record_batch import RecordBatch
from dataset_tools.rules.text_edges import Column, edges_of
from dataset_tools.rules.token_counts import CountingTokenizer, encode_sides

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dataset_tools.stats.length_counts import Integers

BYTES_A_TOKEN = 4


@dataclass(frozen=True, slots=True)
class RecordTokens:
    """Tokens of consecutive records before anything is cut, and their weights; one entry each.

    BOS counts for the prompt's side, EOS for the completion's. Text records have nothing but the
    latter.
    """

    prompt: "Integers"
    completion: "Integers"
    is_text: "NDArray[np.bool_]"
    weights: "NDArray[np.float64]"

    def __len__(self) -> int:
        return len(self.prompt)

    def __getitem__(self, some: "slice | NDArray[np.bool_]") -> "RecordTokens":
        return RecordTokens(
            self.prompt[some], self.completion[some], self.is_text[some], self.weights[some]
        )

    @property
    def total(self) -> "Integers":
        """All tokens of each record."""
        return self.prompt + self.completion


def tokens_of(
    batch: RecordBatch, prompt_format: PromptFormat, tokenizer: CountingTokenizer | None
) -> RecordTokens:
    """The tokens of a batch's records, counted where there is a tokenizer."""
    weights = np.ones(len(batch))
    for index, weight in batch.weights.items():
        weights[index] = weight
    if tokenizer is None:
        prompt, completion = _estimated(batch, prompt_format)
    else:
        prompt, completion = _counted(batch, prompt_format, tokenizer)
    return RecordTokens(prompt, completion, np.full(len(batch), not batch.prompts), weights)


def _counted(
    batch: RecordBatch, prompt_format: PromptFormat, tokenizer: CountingTokenizer
) -> "tuple[Integers, Integers]":
    sent, targets = encode_sides(batch.prompts, batch.completions, prompt_format, tokenizer)
    bos = int(tokenizer.bos_id is not None)
    completion = _lengths(targets) + 1
    if not batch.prompts:
        return np.zeros(len(batch), np.int64), completion + bos
    return _lengths(sent) + bos, completion


def _estimated(batch: RecordBatch, prompt_format: PromptFormat) -> "tuple[Integers, Integers]":
    completion = _estimate(batch, "completion", prompt_format.stop_sequence) + 1
    if not batch.prompts:
        return np.zeros(len(batch), np.int64), completion
    return _estimate(batch, "prompt", prompt_format.separator), completion


def _estimate(batch: RecordBatch, column: Column, mark: str) -> "Integers":
    sizes = _byte_lengths(batch, column)
    if mark:
        lacking = edges_of(batch).without(column, mark)
        sizes[lacking] += len(mark.encode(errors="surrogatepass"))
    return -(-sizes // BYTES_A_TOKEN)


def character_lengths(batch: RecordBatch, column: Column) -> "Integers":
    """How many characters each text of a column has; worked out once a batch."""
    question = ("characters", column)
    if question not in batch.answers:
        batch.answers[question] = _lengths(edges_of(batch).texts(column))
    return cast("Integers", batch.answers[question])


def _byte_lengths(batch: RecordBatch, column: Column) -> "Integers":
    """How many bytes of UTF-8 each text of a column takes."""
    sizes = character_lengths(batch, column).copy()
    texts = edges_of(batch).texts(column)
    is_ascii = np.fromiter(map(str.isascii, texts), np.bool_, len(texts))
    for index in (~is_ascii).nonzero()[0].tolist():
        sizes[index] = len(texts[index].encode(errors="surrogatepass"))
    return sizes


def _lengths(sequences: Sequence[Sequence[object]]) -> "Integers":
    return np.fromiter(map(len, sequences), np.int64, len(sequences))

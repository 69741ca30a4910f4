"""How long records are: in characters, or in tokens where there is a tokenizer."""

from collections.abc import Callable, Iterable, Sequence

from dataset_tools.prompt_format import PromptFormat
from dataset_tools.records import Record
from dataset_tools.tokens import BatchTokenizer, encode_records

Measure = Callable[[Sequence[Record]], Iterable[int]]  # a length for each of the records


def characters(records: Sequence[Record]) -> list[int]:
    """The characters of prompt and completion, or of the text."""
    return [len(record.prompt or "") + len(record.completion) for record in records]


def tokens(prompt_format: PromptFormat, tokenizer: BatchTokenizer) -> Measure:
    """The tokens of a record before any is cut, as a function of records."""
    return lambda records: map(len, encode_records(records, prompt_format, tokenizer))

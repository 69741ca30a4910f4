"""Partial statistics: what a part of the data tells, so that parts add up to the whole.

Parts are merged in the order of the data. What comes of it does not depend on where the data was
cut; hashes mean something among processes that hash strings alike only (`rules.hash_log`).
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec.structs import replace

from dataset_tools.prompt_format import PromptFormat
from dataset_tools.record_batch import RecordBatch
from dataset_tools.rules import FileContext
from dataset_tools.rules.class_counts import ClassCounts
from dataset_tools.rules.hash_log import HashLog, mixed
from dataset_tools.rules.text_edges import Column, columns_of, edges_of, mark_of
from dataset_tools.rules.token_counts import CountingTokenizer, trained_prompt_format
from dataset_tools.stats.held_out import LastRecords
from dataset_tools.stats.length_counts import LengthCounts
from dataset_tools.stats.record_tokens import RecordTokens, character_lengths, tokens_of
from dataset_tools.stats.settings import StatsSettings
from dataset_tools.stats.trained_sequences import TrainedSequences, count_sequences
from dataset_tools.tokens import TrainingFormat

if TYPE_CHECKING:
    from dataset_tools.stats.length_counts import Integers


@dataclass
class FilePartial:
    """Counts that are kept for each file."""

    records: int = 0
    unreadable: int = 0  # lines that hold no record, blank ones aside
    blank: int = 0
    marked: dict[Column, int] = field(default_factory=lambda: {"prompt": 0, "completion": 0})

    def merge(self, later: "FilePartial") -> None:
        """Take in the part of the file that follows."""
        self.records += later.records
        self.unreadable += later.unreadable
        self.blank += later.blank
        for column, count in later.marked.items():
            self.marked[column] += count


class SideLengths:
    """Lengths of prompts, of completions (or texts), and of both together, in one unit."""

    def __init__(self) -> None:
        self.prompt = LengthCounts()
        self.completion = LengthCounts()
        self.total = LengthCounts()

    def add(self, prompt: "Integers | None", completion: "Integers") -> None:
        """Count records; a text record has no prompt."""
        if prompt is not None:
            self.prompt.add(prompt)
        self.completion.add(completion)
        self.total.add(completion if prompt is None else prompt + completion)

    def merge(self, later: "SideLengths") -> None:
        """Take in what follows."""
        self.prompt.merge(later.prompt)
        self.completion.merge(later.completion)
        self.total.merge(later.total)


class DataPartial:
    """All that is counted over the records, of whichever file."""

    def __init__(self, held_out: int = 0) -> None:
        self.characters = SideLengths()
        self.tokens = SideLengths()
        self.classes = ClassCounts()
        self.records = HashLog()
        self.prompts = HashLog()
        self.trained = TrainedSequences()
        self.unwrapped = TrainedSequences()  # what they would be if the recipe did not wrap packs
        self.last = LastRecords(held_out)

    def merge(self, later: "DataPartial") -> None:
        """Take in what follows."""
        self.characters.merge(later.characters)
        self.tokens.merge(later.tokens)
        self.classes.merge(later.classes)
        self.records.merge(later.records)
        self.prompts.merge(later.prompts)
        self.trained.merge(later.trained)
        self.unwrapped.merge(later.unwrapped)
        self.last.merge(later.last)


class PartObserver:
    """Counts the batches of a part of one file."""

    def __init__(self, context: FileContext, settings: StatsSettings) -> None:
        self.context = context
        self.tokenizer: CountingTokenizer | None = settings.tokenizer
        self.training_format = settings.training_format
        self.prompt_format = prompt_format_of(context, settings)
        self.file = FilePartial()
        self.data = DataPartial(settings.steps.held_out if settings.steps else 0)

    def observe(self, batch: RecordBatch) -> None:
        """Count the lines and records of the batch that follows."""
        file = self.file
        file.records += len(batch)
        for line in batch.odd_lines:
            file.blank += line.is_blank
            file.unreadable += line.record is None and not line.is_blank
        if not len(batch):
            return
        for column in columns_of(batch):
            mark = mark_of(self.context, column)
            if mark is not None:
                file.marked[column] += len(batch) - len(edges_of(batch).without(column, mark.text))
        self._observe_texts(batch)
        self._observe_tokens(tokens_of(batch, self.prompt_format, self.tokenizer))

    def _observe_texts(self, batch: RecordBatch) -> None:
        data = self.data
        hashes = batch.completion_hashes
        if batch.prompts:
            data.classes.add(batch.completions, self.context.prompt_format.bare_completion)
            data.prompts.add(batch.prompt_hashes)
            hashes = mixed(batch.prompt_hashes, hashes)
        data.records.add(hashes)
        prompt = character_lengths(batch, "prompt") if batch.prompts else None
        data.characters.add(prompt, character_lengths(batch, "completion"))

    def _observe_tokens(self, tokens: RecordTokens) -> None:
        data = self.data
        data.tokens.add(None if tokens.is_text[0] else tokens.prompt, tokens.completion)
        trained, unwrapped = trained_and_unwrapped(tokens, self.training_format)
        data.trained.merge(trained)
        if unwrapped is not None:
            data.unwrapped.merge(unwrapped)
        data.last.add(tokens)


def trained_and_unwrapped(
    tokens: RecordTokens, training_format: TrainingFormat
) -> tuple[TrainedSequences, TrainedSequences | None]:
    """What the format makes of the records and, where it wraps packs, what it would without."""
    trained = count_sequences(tokens, training_format)
    if training_format.packing != "wrapped":
        return trained, None
    return trained, count_sequences(tokens, replace(training_format, packing="none"))


def prompt_format_of(context: FileContext, settings: StatsSettings) -> PromptFormat:
    """The marks that the file's records are trained with."""
    if settings.marks_are_settled:
        return settings.training_format.prompt_format
    return trained_prompt_format(context)

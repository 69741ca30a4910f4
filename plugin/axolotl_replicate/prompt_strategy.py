"""Axolotl's way to our tokens: rows of stored records to the columns the trainer reads.

The tokens, labels and loss weights come from `dataset_tools.tokens`, the very function that
preview shows. Axolotl looks a dataset's `type` up as a module with `load`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from axolotl.prompt_tokenizers import DatasetWrappingStrategy
from msgspec.structs import replace

from axolotl_replicate.batches.packs import RECORDS_BEGUN, pack_sequences
from axolotl_replicate.inputs.training_data import LINE_KEY, WEIGHT_KEY
from axolotl_replicate.termination import end_run, ending_the_run_on_error, say
from dataset_tools.recipe import data_settings
from dataset_tools.records import Record
from dataset_tools.tokenizer import wrap_tokenizer
from dataset_tools.tokens import RecordTooLongError, Tokenizer, TrainingFormat, tokenize

_MOST_LINES_NAMED = 20
_DROPPED_KEY = "dropped_line"  # 0 in the rows that stay
Columns = dict[str, list[Any]]


def load(tokenizer: Any, cfg: Any, ds_cfg: Any) -> "RecordStrategy":
    """Build the strategy for a run; Axolotl calls it with its tokenizer and configuration."""
    with ending_the_run_on_error(cfg.get("axolotl_config_path")):
        training_format = data_settings(cfg).training_format
        part = str(ds_cfg["conversation"]).partition("-")[0]
        if part == "validation":
            training_format = replace(training_format, packing="none")
        elif tokenizer.pad_token_id == tokenizer.eos_token_id:
            say(
                f"axolotl-replicate: note: '{tokenizer.eos_token}' ends records and pads batches, "
                "since the tokenizer has no other padding token; padding carries no loss"
            )
        return RecordStrategy(training_format, wrap_tokenizer(tokenizer), part)


class RecordStrategy(DatasetWrappingStrategy):  # type: ignore[misc]  # Axolotl is not type checked
    """Tokenises stored records; a record may become several sequences or, too long, none."""

    def __init__(self, training_format: TrainingFormat, tokenizer: Tokenizer, part: str) -> None:
        self.training_format = training_format
        self.tokenizer = tokenizer
        self.part = part  # "training" or "validation"

    def wrap_dataset(
        self,
        dataset: Any,
        process_count: int | None = None,
        keep_in_memory: bool | None = False,
        **_: Any,
    ) -> Any:
        """The dataset's sequences, dropped records counted and named.

        Ends the run where a record is too long under `on_too_long: error`, or none is left.
        """
        sequences = dataset.map(
            _Tokenize(self.training_format, self.tokenizer),
            batched=True,
            remove_columns=dataset.column_names,
            num_proc=process_count,
            keep_in_memory=bool(keep_in_memory),
            desc="Tokenizing records",
        )
        dropped = [line for line in sequences[_DROPPED_KEY] if line]
        if len(dropped) == len(sequences) and self.training_format.on_too_long != "error":
            end_run(f"no record of the {self.part} data fits the {self._limit()}; raise chunk_size")
        if dropped:
            self._report(dropped)
            kept = [index for index, line in enumerate(sequences[_DROPPED_KEY]) if not line]
            sequences = sequences.select(kept)
        sequences = sequences.remove_columns(_DROPPED_KEY)
        packing = self.training_format.packing
        if packing == "none" or not len(sequences):
            return sequences
        return pack_sequences(sequences, packing, self.training_format.chunk_size, process_count)

    def _report(self, lines: list[int]) -> None:
        named = ", ".join(map(str, lines[:_MOST_LINES_NAMED]))
        more = (
            f" and {len(lines) - _MOST_LINES_NAMED} more" if len(lines) > _MOST_LINES_NAMED else ""
        )
        if self.training_format.on_too_long == "error":
            end_run(
                f"{len(lines)} record(s) longer than the {self._limit()} (line {named}{more}); "
                "raise chunk_size, or set on_too_long to truncate_prompt or drop"
            )
        what = "record" if self.training_format.on_too_long == "drop" else "completion"
        several = "s" * (len(lines) > 1)
        say(
            f"axolotl-replicate: dropped {len(lines)} {what}{several} of the {self.part} data "
            f"longer than the {self._limit()}: line{several} {named}{more}"
        )

    def _limit(self) -> str:
        return f"chunk_size of {self.training_format.chunk_size} tokens"


@dataclass(frozen=True)
class _Tokenize:
    """Rows to sequences; a class rather than a closure, since worker processes pickle it."""

    training_format: TrainingFormat
    tokenizer: Tokenizer

    def __call__(self, rows: Mapping[str, list[Any]]) -> Columns:
        columns: Columns = {
            name: []
            for name in (
                "input_ids",
                "attention_mask",
                "labels",
                "loss_weights",
                "completion_mask",
                RECORDS_BEGUN,
                _DROPPED_KEY,
            )
        }
        keys = list(rows)
        for values in zip(*rows.values(), strict=True):
            row = dict(zip(keys, values, strict=True))
            target_key = "completion" if "prompt" in row else "text"
            record = Record(row.get("prompt"), row[target_key], row[WEIGHT_KEY])
            self._add(record, row[LINE_KEY], columns)
        return columns

    def _add(self, record: Record, line: int, columns: Columns) -> None:
        try:
            sequences = tokenize(record, self.training_format, self.tokenizer)
        except RecordTooLongError:
            sequences = []
        for sequence in sequences:
            columns["input_ids"].append(sequence.input_ids)
            columns["attention_mask"].append([1] * len(sequence.input_ids))
            columns["labels"].append(sequence.labels)
            columns["loss_weights"].append(sequence.loss_weights)
            columns["completion_mask"].append(sequence.completion_mask)
            columns[RECORDS_BEGUN].append(int(sequence is sequences[0]))
            columns[_DROPPED_KEY].append(0)
        if not sequences:
            for name in columns:
                columns[name].append([])
            columns[RECORDS_BEGUN][-1] = 0
            columns[_DROPPED_KEY][-1] = line

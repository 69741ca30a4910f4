"""The result of a run of stats: what every output format renders."""

from dataclasses import dataclass
from typing import Literal

from dataset_tools.marks import Origin
from dataset_tools.packing import Packing
from dataset_tools.records import RecordFormat
from dataset_tools.stats.distribution import Distribution
from dataset_tools.tokens import OnTooLong

Side = Literal["prompt", "completion", "text", "total"]
Unit = Literal["characters", "tokens"]


@dataclass(frozen=True, slots=True)
class MarkStats:
    """A separator or stop sequence, and the share of the file's records that end with it."""

    text: str
    origin: Origin
    share: float


@dataclass(frozen=True, slots=True)
class FileStats:
    """One file; `unreadable` lines hold no record, and lint says why."""

    path: str
    format: RecordFormat
    records: int
    bytes: int  # uncompressed
    unreadable: int
    blank_lines: int
    separator: MarkStats | None
    stop_sequence: MarkStats | None


@dataclass(frozen=True, slots=True)
class LengthStats:
    """How long one side of the records is, marks included as the data has them.

    In tokens, the prompt's side holds BOS and the separator that training adds where it is missing,
    the completion's side the stop sequence and EOS.
    """

    side: Side
    unit: Unit
    total: int
    distribution: Distribution


@dataclass(frozen=True, slots=True)
class ClassStats:
    """A label of a classification file."""

    label: str
    records: int
    share: float


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Records with the texts of an earlier one, and how many different prompts there are.

    Counted by 64-bit hashes: at a billion records the chance to be off by one is 3 %.
    """

    records: int
    distinct_prompts: int | None  # None where there are text records only


@dataclass(frozen=True, slots=True)
class Density:
    """The share of a batch's room that holds tokens, for one way of packing.

    `rows` are sequences, or packs.
    """

    packing: Packing
    rows: int
    density: float


@dataclass(frozen=True, slots=True)
class LossStats:
    """Which of the trained tokens carry loss: they have a label and a weight above 0.

    `weight_share` is the sum of their weights over the number of all trained tokens.
    """

    tokens: int
    share: float
    weight_share: float
    prompt_weight_share: float  # of the sum of weights, what falls to prompts


@dataclass(frozen=True, slots=True)
class StepStats:
    """Optimizer steps on the recipe's batch size, as the trainer counts them."""

    step_rows: int
    per_epoch: int
    epochs: float
    total: int  # `max_steps`, if the recipe has that


@dataclass(frozen=True, slots=True)
class TrainingStats:
    """What training makes of the records that are not held out for validation."""

    chunk_size: int
    prompt_loss_weight: float
    on_too_long: OnTooLong
    packing: Packing
    records: int
    held_out: int
    sequences: int
    tokens: int  # of the sequences
    truncated: int  # records
    tokens_cut: int  # from the prompts of those
    split: int
    dropped: int
    refused: int
    loss: LossStats
    micro_batch_rows: int
    padding_multiple: int
    densities: tuple[Density, ...]
    steps: StepStats | None  # None without a recipe


@dataclass(frozen=True, slots=True)
class StatsReport:
    """All files of a run as one set of data."""

    files: tuple[FileStats, ...]
    records: int
    bytes: int
    unreadable: int
    blank_lines: int
    is_estimated: bool  # whether token numbers are estimates, for lack of a tokenizer
    tokenizer: str | None
    lengths: tuple[LengthStats, ...]
    classes: tuple[ClassStats, ...]  # none where the data is no classification
    duplicates: Duplicates
    training: TrainingStats
    notes: tuple[str, ...]

"""Axolotl's trainer on whole steps: `micro_batch_size` and processes change memory and time only.

Over all micro-batches and processes a step's loss is the mean over its target tokens; stock Axolotl
averages the means of micro-batches and of processes, so that tokens of short ones count more. No
row is dropped at the end of an epoch, and none is trained twice to fill up a process.
"""

from typing import Any

from datasets import Dataset, concatenate_datasets
from torch.utils.data import Sampler

from axolotl_replicate.axolotl_features import loss_takes_token_count
from axolotl_replicate.batches.packs import RECORD_LENGTHS, RECORDS_BEGUN, PackCollator, unpack
from axolotl_replicate.batches.step_batches import EpochOrder, PackBatches, StepBatches
from dataset_tools.tokens import IGNORED_LABEL

_WEIGHT_COLUMNS = ("loss_weights", "completion_mask")  # for a trainer that weighs tokens
_FILLER_TOKENS = 2  # the fewest that make a batch like any other


class WholeStepsMixin:
    """For a subclass of AxolotlTrainer that trains on our rows; `on_whole_steps` makes one."""

    args: Any
    accelerator: Any
    state: Any
    model: Any
    data_collator: Any
    train_dataset: Any
    compute_loss_func: Any
    _train_batch_size: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.args.average_tokens_across_devices = True
        self._is_weighted = self.compute_loss_func is not None
        if not self._is_weighted:
            self.model_accepts_loss_kwargs = loss_takes_token_count(
                self.accelerator.unwrap_model(self.model)
            )
        if self._is_packed:
            self.data_collator = PackCollator(self.data_collator)
        self._has_filler = False

    @property
    def averages_micro_batches(self) -> bool:
        """Whether the model's own loss makes it impossible to weigh a step's tokens alike."""
        return not (self._is_weighted or self.model_accepts_loss_kwargs)

    @property
    def step_rows(self) -> int:
        """How many rows, records or packs, an optimizer step trains on."""
        accumulated = self._train_batch_size * self.args.gradient_accumulation_steps
        return int(accumulated * self.args.world_size)

    @property
    def _is_grouped_by_length(self) -> bool:
        return bool(self.args.train_sampling_strategy == "group_by_length")

    @property
    def _is_packed(self) -> bool:
        dataset = self.train_dataset
        return dataset is not None and RECORD_LENGTHS in dataset.column_names

    def _get_dataloader(
        self, dataset: Any, *args: Any, is_training: bool = False, **kwargs: Any
    ) -> Any:
        if RECORD_LENGTHS in dataset.column_names and not is_training:
            dataset = unpack(dataset)  # `axolotl evaluate` measures the training data, too
        unused = [RECORDS_BEGUN, *(() if self._is_weighted else _WEIGHT_COLUMNS)]
        dataset = dataset.remove_columns([name for name in unused if name in dataset.column_names])
        batches_are_ours = is_training and not self._is_grouped_by_length
        self._has_filler = batches_are_ours and self.args.world_size > 1
        if self._has_filler:
            dataset = concatenate_datasets([dataset, _filler(dataset)])
        # our batches are shared out evenly; others, as of evaluations, accelerate fills up
        self.accelerator.even_batches = not batches_are_ours
        return super()._get_dataloader(dataset, *args, is_training=is_training, **kwargs)  # type: ignore[misc]

    def _get_num_items_in_batch(self, batch_samples: Any, device: Any) -> Any:
        if not (self._is_weighted or self.model.training):
            return None  # each batch of an evaluation by itself, whatever other processes measure
        return super()._get_num_items_in_batch(batch_samples, device)  # type: ignore[misc]

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[Any] | None:
        if self._is_grouped_by_length:
            return super()._get_train_sampler(train_dataset)  # type: ignore[misc]
        rows = len(train_dataset) - self._has_filler
        seed = self.args.seed if self.args.data_seed is None else self.args.data_seed
        batches = StepBatches(
            EpochOrder(
                rows,
                seed,
                # accelerate hands the epoch on through some of its wrappers only
                epoch=lambda: int(self.state.epoch or 0),
                shuffled=not self.args.curriculum_sampling,
            ),
            step_rows=self.step_rows,
            micro_batch_rows=self._train_batch_size,
            processes=self.args.world_size,
            filler=rows,
        )
        if self._is_packed:
            return PackBatches(batches, joined=not self.args.multipack_real_batches)
        return batches


def on_whole_steps(trainer: type) -> type:
    """The trainer class, training on whole steps."""
    return type(trainer.__name__, (WholeStepsMixin, trainer), {})


def _filler(dataset: Any) -> Any:
    """A row like the first one, short and without a target."""
    row = {
        name: values[:_FILLER_TOKENS] if isinstance(values, list) else values
        for name, values in dataset[0].items()
    }
    tokens = len(row["input_ids"])
    row["labels"] = [IGNORED_LABEL] * tokens
    if "loss_weights" in row:
        row["loss_weights"] = [0.0] * tokens
    if RECORD_LENGTHS in row:
        row[RECORD_LENGTHS] = [tokens]
    if "length" in row:
        row["length"] = tokens
    return Dataset.from_list([row], features=dataset.features)

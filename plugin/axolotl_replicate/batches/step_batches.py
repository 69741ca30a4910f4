"""Micro-batches that add up to the same optimizer steps however many processes share them.

An epoch is one permutation of the rows, drawn from the seed and the epoch's number alone, cut every
`train_batch_size` rows; the last step takes what is left. Each step is then divided evenly among
its micro-batches, which processes are dealt in turn.
"""

from collections.abc import Callable, Iterator

import torch
from torch.utils.data import BatchSampler, Sampler

from dataset_tools.steps import micro_batch_sizes

MicroBatch = list[int]


class EpochOrder(Sampler[int]):  # type: ignore[misc]  # torch is not type checked here
    """The rows' order in the epoch that `epoch` tells: as they are stored, or a permutation."""

    def __init__(self, rows: int, seed: int, epoch: Callable[[], int], *, shuffled: bool) -> None:
        self.rows = rows
        self.seed = seed
        self.epoch = epoch
        self.shuffled = shuffled

    def __len__(self) -> int:
        return self.rows

    def __iter__(self) -> Iterator[int]:
        if not self.shuffled:
            return iter(range(self.rows))
        # the permutation that transformers with accelerate draws for the same seed and epoch
        generator = torch.Generator().manual_seed(self.seed + self.epoch())
        return iter(torch.randperm(self.rows, generator=generator).tolist())


class StepBatches(BatchSampler):  # type: ignore[misc]
    """The micro-batches of an epoch, for all processes together: of each step a multiple of them.

    Where a step has fewer rows than there are processes, those that get none train on the row
    `filler`, which is to hold no target. An epoch of R rows has ceil(R / step_rows) steps.
    """

    drop_last = False

    def __init__(
        self,
        order: Sampler[int],
        *,
        step_rows: int,
        micro_batch_rows: int,
        processes: int,
        filler: int,
    ) -> None:
        # no call of the base class, which wants a batch size: accelerate takes one to mean that
        # each batch has it
        self.sampler = order
        self.step_rows = step_rows
        self.micro_batch_rows = micro_batch_rows
        self.processes = processes
        self.filler = filler

    def __len__(self) -> int:
        full_steps, rest = divmod(len(self.sampler), self.step_rows)
        return full_steps * len(self._micro_batches(self.step_rows)) + len(
            self._micro_batches(rest)
        )

    def __iter__(self) -> Iterator[MicroBatch]:
        rows = list(self.sampler)
        for start in range(0, len(rows), self.step_rows):
            yield from self._divide(rows[start : start + self.step_rows])

    def _micro_batches(self, rows: int) -> list[int]:
        return micro_batch_sizes(rows, self.micro_batch_rows, self.processes)

    def _divide(self, step: list[int]) -> Iterator[MicroBatch]:
        start = 0
        for size in self._micro_batches(len(step)):
            yield step[start : start + size] or [self.filler]
            start += size


class PackBatches(BatchSampler):  # type: ignore[misc]
    """Micro-batches of packs, nested as Axolotl's packing collators take them.

    `joined` lays the packs of a micro-batch end to end in one row, as Axolotl does for attention
    that takes packed rows by their lengths; otherwise each is a row of its own.
    """

    drop_last = False

    def __init__(self, batches: StepBatches, *, joined: bool) -> None:
        self.batches = batches
        self.sampler = batches.sampler
        self.joined = joined

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[list[MicroBatch]]:
        for batch in self.batches:
            yield [batch] if self.joined else [[pack] for pack in batch]

"""The collator that carries loss weights through padding and packing.

Axolotl's own collator does what it always does; beside it, this one lays out a row of weights for
every row of labels, padded where the labels are. Labels come out as every token's own id but for a
record's first (which is never a target, so that a packed record is not trained to follow its
neighbour) and padding; the weights alone decide what is trained.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from dataset_tools.tokens import IGNORED_LABEL

# What a batch holds beside Axolotl's own tensors, both (rows, tokens) in float32 and 0 on padding.
LOSS_WEIGHTS = "loss_weights"  # of each token, as the loss uses it
PROMPT_WEIGHTS = "prompt_weights"  # the record's weight on prompt tokens, 0 on all others
# What our own dataset type stores for a token; other types mask prompts in their labels instead.
COMPLETION_MASK = "completion_mask"
COLUMNS = (LOSS_WEIGHTS, COMPLETION_MASK)

Feature = Mapping[str, Any]


@dataclass(frozen=True)
class WeightedCollator:
    """Wraps one of Axolotl's collators; `packed` where it joins several records into a row."""

    collator: Any
    prompt_loss_weight: float
    packed: bool

    def __call__(self, features: Sequence[Any], return_tensors: str | None = None) -> Any:
        """A batch of Axolotl's tensors, and the two of weights."""
        nested = self.packed and isinstance(features[0], list)
        rows = features if nested else [features] if self.packed else [[each] for each in features]
        weighted = [[_weigh(record, self.prompt_loss_weight) for record in row] for row in rows]
        plain: Any = [[record.feature for record in row] for row in weighted]
        if not nested:
            plain = plain[0] if self.packed else [row[0] for row in plain]
        batch = self.collator(plain, return_tensors=return_tensors)
        for name in (LOSS_WEIGHTS, PROMPT_WEIGHTS):
            batch[name] = self._lay_out(
                [np.concatenate([getattr(record, name) for record in row]) for row in weighted],
                batch["labels"],
            )
        return batch

    def _lay_out(self, rows: Sequence[Any], labels: torch.Tensor) -> torch.Tensor:
        """The rows as a tensor of the labels' shape, padded on the side the tokenizer pads."""
        laid_out = torch.zeros(labels.shape, dtype=torch.float32)
        padded_left = self.collator.tokenizer.padding_side == "left"
        for index, row in enumerate(rows):
            start = labels.shape[1] - len(row) if padded_left else 0
            laid_out[index, start : start + len(row)] = torch.from_numpy(row)
        return laid_out


@dataclass(frozen=True)
class _WeightedRecord:
    feature: dict[str, Any]  # as Axolotl's collator takes it, all of its tokens labelled
    loss_weights: Any  # (tokens) float32
    prompt_weights: Any  # (tokens) float32


def _weigh(feature: Feature, prompt_loss_weight: float) -> _WeightedRecord:
    """A record's weights: those stored with it, or else from the prompt that its labels mask."""
    ids = np.asarray(feature["input_ids"])
    is_token = np.asarray(feature.get("attention_mask", np.ones_like(ids))) != 0
    if LOSS_WEIGHTS in feature:
        loss_weights = np.asarray(feature[LOSS_WEIGHTS], dtype=np.float32)[: len(ids)]
        is_completion = np.asarray(feature[COMPLETION_MASK])[: len(ids)] != 0
        record_weight = np.float32(loss_weights[is_completion].max(initial=0))
    else:
        is_completion = np.asarray(feature["labels"]) != IGNORED_LABEL
        loss_weights = np.where(is_completion, 1, prompt_loss_weight).astype(np.float32)
        record_weight = np.float32(1)
    is_target = is_token.copy()
    is_target[0] = False
    labels = np.where(is_target, ids, IGNORED_LABEL)
    return _WeightedRecord(
        {**{name: feature[name] for name in feature if name not in COLUMNS}, "labels": labels},
        np.where(is_target, loss_weights, 0).astype(np.float32),
        np.where(is_target & ~is_completion, record_weight, 0).astype(np.float32),
    )

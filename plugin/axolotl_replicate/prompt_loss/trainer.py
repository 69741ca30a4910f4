"""The trainer whose loss is a weighted mean over all tokens of an optimizer step.

Over all micro-batches and devices,

    loss = sum of w·l / sum of w          (prompt_loss_normalization: weights)
    loss = sum of w·l / number of w > 0   (prompt_loss_normalization: tokens)

with l a token's cross entropy in nats and w its weight. The first is the weighted mean of
`torch.nn.CrossEntropyLoss(weight=...)`, the second that of Weighted Instruction Tuning (arXiv
2507.07817). A step in which nothing carries weight has loss 0 and gradient 0.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from axolotl.core.trainers import AxolotlTrainer
from axolotl.utils.collators import (
    BatchSamplerDataCollatorForSeq2Seq,
    DataCollatorForSeq2Seq,
    V2BatchSamplerDataCollatorForSeq2Seq,
)
from torch import Tensor

from axolotl_replicate.prompt_loss.collator import (
    COLUMNS,
    LOSS_WEIGHTS,
    PROMPT_WEIGHTS,
    WeightedCollator,
)
from axolotl_replicate.prompt_loss.fusion import FusionError, LossPath, choose_path, unfused
from axolotl_replicate.prompt_loss.loss_sums import empty_sums, means, precise_type, sum_by_row
from axolotl_replicate.termination import end_run, say
from dataset_tools.tokens import IGNORED_LABEL

_PACKING_COLLATORS = (BatchSamplerDataCollatorForSeq2Seq, V2BatchSamplerDataCollatorForSeq2Seq)


@dataclass(frozen=True)
class PromptLossSettings:
    """The plugin's keys, as validated."""

    weight: float
    normalization: str
    fusion: str


@dataclass(frozen=True)
class _Targets:
    """The N tokens of a batch that are measured, trained or not.

    `positions` is where each is predicted in the flattened batch, `ids` what is to be predicted;
    `divisors` is what each adds to the loss's divisor.
    """

    shape: torch.Size
    positions: Tensor
    ids: Tensor
    loss_weights: Tensor
    prompt_weights: Tensor
    divisors: Tensor


@dataclass(frozen=True)
class _Batch:
    """What `compute_loss` leaves to the loss function, which the base class calls in between."""

    targets: _Targets
    path: LossPath
    forward: ExitStack  # closed when the model's forward pass is over


class PromptLossTrainer(AxolotlTrainer):  # type: ignore[misc]  # Axolotl is not type checked here
    """Axolotl's trainer with a weight for every token's loss; `trainer_class` completes it."""

    settings: PromptLossSettings

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        for name in ("data_collator", "eval_data_collator"):
            collator = kwargs.get(name)
            if collator is not None and not isinstance(collator, DataCollatorForSeq2Seq):
                end_run(
                    f"prompt_loss_weight: {type(collator).__name__}, which Axolotl chose to make "
                    "batches, cannot carry weights; remove the key that brings it"
                )
            if collator is not None:
                packed = isinstance(collator, _PACKING_COLLATORS)
                kwargs[name] = WeightedCollator(collator, self.settings.weight, packed)
        super().__init__(*args, **kwargs)
        # the loss is ours, divided by the whole step's weights: nothing may divide it once more
        self.compute_loss_func = self._loss_of_outputs
        self.model_accepts_loss_kwargs = False
        self.args.average_tokens_across_devices = True
        self._path: LossPath | None = None
        self._batch: _Batch | None = None
        self._train_sums = empty_sums()
        self._eval_sums = empty_sums()
        self._needs_logits = False
        self._said_empty = False
        self._said_promptless = False

    def _set_signature_columns_if_needed(self) -> None:
        super()._set_signature_columns_if_needed()
        missing = [name for name in COLUMNS if name not in self._signature_columns]
        self._signature_columns += missing

    def _get_num_items_in_batch(
        self, batch_samples: Sequence[Mapping[str, Tensor]], device: torch.device
    ) -> Tensor:
        """The divisor of a step's loss: of all its micro-batches, on all devices."""
        divisors = [
            self._divisors(batch[LOSS_WEIGHTS])[batch["labels"] != IGNORED_LABEL].sum()
            for batch in batch_samples
        ]
        # an epoch may end with fewer packs than the sampler had counted, and so with no batch
        of_batches = torch.stack(divisors or [torch.zeros(())]).to(device, precise_type(device))
        if divisors and not self._said_empty and (of_batches == 0).any():
            self._said_empty = True
            say(
                "axolotl-replicate: note: a batch holds no token that carries weight; it adds "
                "nothing to the loss (said once)"
            )
        divisor = of_batches.sum()
        if self.args.world_size > 1:
            divisor = self.accelerator.gather(divisor).sum()
        return divisor

    def _divisors(self, loss_weights: Tensor) -> Tensor:
        by_tokens = self.settings.normalization == "tokens"
        return (loss_weights > 0).to(loss_weights.dtype) if by_tokens else loss_weights

    def compute_loss(
        self,
        model: Any,
        inputs: Mapping[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """A micro-batch's part of the step's loss; `num_items_in_batch` is the step's divisor."""
        if self._path is None:
            self._path = self._choose_path()
        path = unfused("logits are asked for") if self._needs_logits else self._path
        inputs = dict(inputs)
        targets = self._take_targets(inputs)
        with ExitStack() as forward:
            forward.enter_context(path.around_forward())
            self._batch = _Batch(targets, path, forward)
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)

    def _choose_path(self) -> LossPath:
        model = self.accelerator.unwrap_model(self.model)
        try:
            with self.accelerator.autocast():  # as the model's own forward pass
                path = choose_path(self.settings.fusion, model, self._obstacle_to_fusion())
        except FusionError as error:
            end_run(str(error))
        how = "not fused with" if path.name == "none" else f"fused by {path.name} with"
        say(f"axolotl-replicate: loss {how} the output projection ({path.reason})")
        return path

    def _obstacle_to_fusion(self) -> str | None:
        if self.is_fsdp_enabled or self.is_deepspeed_enabled:
            return "the model's weights are spread over devices"
        if self.args.torch_compile:
            return "torch compiles the model as a whole"
        if self.args.ddp_find_unused_parameters:
            return "ddp_find_unused_parameters looks for the projection in the forward pass"
        return None

    def _take_targets(self, inputs: dict[str, Any]) -> _Targets:
        """Take the weights out of a batch; its labels keep only what is trained."""
        labels = inputs["labels"]
        loss_weights, prompt_weights = inputs.pop(LOSS_WEIGHTS), inputs.pop(PROMPT_WEIGHTS)
        inputs["labels"] = labels.masked_fill(loss_weights == 0, IGNORED_LABEL)
        counts = (labels != IGNORED_LABEL) & ((loss_weights > 0) | (prompt_weights > 0))
        targets = counts.flatten().nonzero().squeeze(1)
        loss_weights = loss_weights.flatten()[targets]
        return _Targets(
            labels.shape,
            targets - 1,  # a row's first label never counts, so this stays within the row
            labels.flatten()[targets],
            loss_weights,
            prompt_weights.flatten()[targets],
            self._divisors(loss_weights),
        )

    def _loss_of_outputs(self, outputs: Any, _: Tensor, num_items_in_batch: Tensor) -> Tensor:
        """The loss from what the model returned: logits or, fused, hidden states."""
        assert self._batch is not None
        batch, self._batch = self._batch, None
        batch.forward.close()
        targets = batch.targets
        hidden = outputs["logits"] if isinstance(outputs, dict) else outputs[0]
        with self.accelerator.autocast():
            losses = batch.path.losses(
                hidden.flatten(0, 1), targets.positions, targets.ids, targets.loss_weights
            )
        sums = sum_by_row(
            targets.positions // targets.shape[1],
            targets.shape[0],
            losses.losses,
            losses.correct,
            targets.loss_weights,
            targets.prompt_weights,
            targets.divisors,
        )
        if self.model.training:
            self._train_sums = self._train_sums.to(sums) + sums.sum(0)
        else:
            self._eval_sums = self._eval_sums.to(sums) + self._over_devices(sums).sum(0)
        divisor = torch.where(num_items_in_batch > 0, num_items_in_batch, 1)
        loss = losses.weighted_sum / divisor.to(losses.weighted_sum.dtype)
        return loss + self._balancing_loss(outputs)

    def _balancing_loss(self, outputs: Any) -> Tensor | float:
        """A batch's part of the loss that keeps a mixture's experts equally busy, where there is.

        The model adds it by itself only when it is given labels. The mean over the batches of a
        step and over devices, by which the base class multiplies.
        """
        loss = outputs.get("aux_loss") if isinstance(outputs, dict) else None
        if loss is None or not self.model.training:
            return 0.0
        batches = self.current_gradient_accumulation_steps * self.args.world_size
        coefficient: float = self.accelerator.unwrap_model(self.model).config.router_aux_loss_coef
        part: Tensor = coefficient * loss / batches
        return part

    def _over_devices(self, rows: Tensor) -> Tensor:
        """The rows of all devices, without those a distributed sampler repeats to fill up.

        Packs are never repeated, and accelerate would count records where it should count packs.
        """
        if self.args.world_size == 1:
            return rows
        packed = isinstance(self.eval_data_collator, WeightedCollator) and (
            self.eval_data_collator.packed
        )
        gather = self.accelerator.gather if packed else self.accelerator.gather_for_metrics
        gathered: Tensor = gather(rows)
        return gathered

    def prediction_step(
        self, model: Any, inputs: Any, prediction_loss_only: bool, ignore_keys: Any = None
    ) -> Any:
        """One batch of an evaluation; predictions need logits, the loss alone does not."""
        self._needs_logits = not prediction_loss_only
        try:
            return super().prediction_step(model, inputs, prediction_loss_only, ignore_keys)
        finally:
            self._needs_logits = False

    def evaluation_loop(self, *args: Any, metric_key_prefix: str = "eval", **kwargs: Any) -> Any:
        """An evaluation, its losses means over all tokens rather than means of batches' means."""
        self._eval_sums = empty_sums()
        output = super().evaluation_loop(*args, metric_key_prefix=metric_key_prefix, **kwargs)
        for name, value in means(self._eval_sums).items():
            output.metrics[f"{metric_key_prefix}_{name}"] = value
        return output

    def log(self, logs: dict[str, float], *args: Any, **kwargs: Any) -> None:
        """Log beside each training loss those of prompts and of completions since the last one."""
        if "loss" in logs:
            sums = self._train_sums.to(self.args.device)
            if self.args.world_size > 1:
                sums = self.accelerator.gather(sums.unsqueeze(0)).sum(0)
            logs.update({name: mean for name, mean in means(sums).items() if name != "loss"})
            self._train_sums = empty_sums()
            if "prompt_loss" not in logs:
                self._say_promptless()
        super().log(logs, *args, **kwargs)

    def _say_promptless(self) -> None:
        """Say once that nothing is a prompt, unless that makes no difference.

        Of our own data the inputs plugin has told it.
        """
        ours = LOSS_WEIGHTS in self.train_dataset.column_names
        if not self._said_promptless and not ours and self.settings.weight != 1:
            self._said_promptless = True
            say(
                "axolotl-replicate: note: no token trained so far is a prompt's, so "
                "prompt_loss_weight has had no effect"
            )


def trainer_class(settings: PromptLossSettings) -> type[PromptLossTrainer]:
    """The trainer for these settings: Axolotl makes the instance and knows none of them."""
    return type("PromptLossTrainer", (PromptLossTrainer,), {"settings": settings})

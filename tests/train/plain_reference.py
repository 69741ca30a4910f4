"""What a run should log, worked out again in plain torch, one record at a time.

It shares no code with the plugins: tokens are put together by hand, every record goes through the
model alone and unpadded, and the loss is written down as the documentation defines it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SEED = 42
LEARNING_RATE = 0.01
LORA_RANK, LORA_ALPHA = 8, 16
MAX_GRADIENT_NORM = 1.0
BOS_ID, EOS_ID = 1, 2  # of the tiny model's tokenizer


@dataclass(frozen=True)
class WeightedRecord:
    """A record's token ids, and of each token its loss weight and whether it is the prompt's."""

    ids: list[int]
    weights: list[float]
    is_prompt: list[bool]
    record_weight: float


def render(rows: Sequence[dict[str, Any]], model: Path, weight: float) -> list[WeightedRecord]:
    """Prompt, a newline, completion, with BOS before and EOS behind."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)

    def encode(text: str) -> list[int]:
        ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    records = []
    for row in rows:
        prompt = [BOS_ID, *encode(row["prompt"] + "\n")]
        completion = [*encode(row["completion"]), EOS_ID]
        of_record = row.get("weight", 1.0)
        records.append(
            WeightedRecord(
                prompt + completion,
                [weight * of_record] * len(prompt) + [of_record] * len(completion),
                [True] * len(prompt) + [False] * len(completion),
                of_record,
            )
        )
    return records


class Totals:
    """Sums over tokens of losses and of weights, and the means made of them."""

    def __init__(self) -> None:
        self.loss: Any = 0.0
        self.weight = 0.0
        self.count = 0
        self.sides = {True: [0.0, 0.0], False: [0.0, 0.0]}
        self.hits = 0.0

    def add(self, model: Any, record: WeightedRecord) -> None:
        """One forward pass of one record."""
        import torch

        logits = model(input_ids=torch.tensor([record.ids])).logits[0]
        for position in range(1, len(record.ids)):
            target, weight = record.ids[position], record.weights[position]
            scores = logits[position - 1].double()
            loss = torch.logsumexp(scores, 0) - scores[target]
            self.loss = self.loss + weight * loss
            self.weight += weight
            self.count += weight > 0
            side = self.sides[record.is_prompt[position]]
            side[0] += record.record_weight * loss.item()
            side[1] += record.record_weight
            if not record.is_prompt[position]:
                self.hits += record.record_weight * float(scores.argmax().item() == target)

    def logged(self, normalization: str, prefix: str = "") -> dict[str, float]:
        """What the trainer should log of these tokens."""
        loss = self.mean(normalization)
        (prompt, prompts), (completion, completions) = self.sides[True], self.sides[False]
        return {
            f"{prefix}loss": loss.item(),
            f"{prefix}prompt_loss": prompt / prompts,
            f"{prefix}completion_loss": completion / completions,
            f"{prefix}completion_token_accuracy": self.hits / completions,
        }

    def mean(self, normalization: str) -> Any:
        """The loss, with its gradient."""
        return self.loss / (self.weight if normalization == "weights" else self.count)


def _draw_as_axolotl(model: Any) -> None:
    """Draw LoRA's first weights as Axolotl does: 0.21 has a seed for each layer."""
    from axolotl.loaders import adapter

    if hasattr(adapter, "reinit_lora_from_seed"):
        adapter.reinit_lora_from_seed(model, SEED)


def reference_run(
    model_folder: Path,
    rows: Sequence[dict[str, Any]],
    weight: float,
    steps: int,
    *,
    normalization: str = "weights",
    validation_rows: Sequence[dict[str, Any]] = (),
) -> list[dict[str, float]]:
    """What `steps` optimizer steps log, each over all rows.

    With validation rows, an evaluation before the first step and one after the last as well.
    """
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, set_seed

    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
    set_seed(SEED)
    lora = LoraConfig(r=LORA_RANK, lora_alpha=LORA_ALPHA, target_modules="all-linear")
    model = get_peft_model(model, lora)
    _draw_as_axolotl(model)
    optimizer = torch.optim.AdamW(
        [each for each in model.parameters() if each.requires_grad],
        lr=LEARNING_RATE,
        weight_decay=0.0,
    )
    records = render(rows, model_folder, weight)

    def evaluation() -> list[dict[str, float]]:
        totals = Totals()
        with torch.no_grad():
            for record in render(validation_rows, model_folder, weight):
                totals.add(model, record)
        return [totals.logged(normalization, "eval_")] if validation_rows else []

    logged = evaluation()
    for _ in range(steps):
        totals = Totals()
        for record in records:
            totals.add(model, record)
        totals.mean(normalization).backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_GRADIENT_NORM).item()
        optimizer.step()
        optimizer.zero_grad()
        logged.append({**totals.logged(normalization), "grad_norm": norm})
    logged += evaluation()
    assert all(math.isfinite(value) for entry in logged for value in entry.values())
    return logged

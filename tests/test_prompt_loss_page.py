"""The numbers on the page about `prompt_loss_weight` are those of its formulas and measurements."""

import ast
import json
import re
import statistics
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import prompt_loss_weight
import pytest

REPOSITORY = Path(__file__).parents[1]
PAGE = (REPOSITORY / "docs" / "prompt-loss-weight.md").read_text()
FIGURES = REPOSITORY / "docs" / "figures"
NEAR_0 = re.compile(r"at weight 0\.001 \(a\) gives ([\d.]+), \(b\) (\d\.\d+)")
CONFLICTS = REPOSITORY / "plugin" / "axolotl_replicate" / "prompt_loss" / "conflicts.py"


@dataclass(frozen=True)
class Example:
    prompt_tokens: int
    prompt_loss: float
    completion_tokens: int
    completion_loss: float

    def weighted_sum(self, weight: float) -> float:
        of_prompt = weight * self.prompt_tokens * self.prompt_loss
        return of_prompt + self.completion_tokens * self.completion_loss

    def weights(self, weight: float) -> float:
        return weight * self.prompt_tokens + self.completion_tokens

    def tokens(self, weight: float) -> int:
        return (self.prompt_tokens if weight else 0) + self.completion_tokens


MicroBatches = list[list[Example]]


def by_weights(micro_batches: MicroBatches, weight: float) -> float:
    examples = list(chain.from_iterable(micro_batches))
    total = sum(example.weighted_sum(weight) for example in examples)
    return total / sum(example.weights(weight) for example in examples)


def by_tokens(micro_batches: MicroBatches, weight: float) -> float:
    examples = list(chain.from_iterable(micro_batches))
    total = sum(example.weighted_sum(weight) for example in examples)
    return total / sum(example.tokens(weight) for example in examples)


def by_example(micro_batches: MicroBatches, weight: float) -> float:
    examples = chain.from_iterable(micro_batches)
    return statistics.mean(by_weights([[example]], weight) for example in examples)


def by_micro_batch(micro_batches: MicroBatches, weight: float) -> float:
    return statistics.mean(by_weights([micro_batch], weight) for micro_batch in micro_batches)


NORMALISATIONS = {"(a)": by_weights, "(b)": by_tokens, "(c)": by_example, "(d)": by_micro_batch}
A, B = (
    Example(*(int(number) for number in numbers))
    for numbers in re.findall(
        r"Record [AB]: (\d+) prompt tokens of loss (\d+), (\d+) completion tokens of loss (\d+)",
        " ".join(PAGE.split()),
    )
)


def table_after(text: str) -> list[list[str]]:
    """The cells of the first table after a text, without its header."""
    lines = PAGE[PAGE.index(text) :].splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def test_the_table_of_normalisations() -> None:
    """Each cell is what its normalisation gives for its micro-batches, at the weight named."""
    columns = [[[A]], [[A, B]], [[A], [B]]]
    expected = [
        [name, *(f"{loss(micro_batches, 0.1):.3f}" for micro_batches in columns)]
        for name, loss in NORMALISATIONS.items()
    ]
    assert expected == table_after("An example at weight 0.1.")


def test_the_factor_between_weights_and_tokens() -> None:
    """Prompts ten times the completion make (a) 5.5 times (b), as the formula on the page says."""
    ratio = A.prompt_tokens / A.completion_tokens
    assert ratio == 10
    assert by_weights([[A]], 0.1) / by_tokens([[A]], 0.1) == pytest.approx(5.5)
    assert (ratio + 1) / (0.1 * ratio + 1) == pytest.approx(5.5)
    assert "(a) is 5.5 times (b)" in PAGE


def test_what_happens_near_0() -> None:
    """At weight 0 both give the loss of the completion; (b) jumps as soon as there is a weight."""
    assert f"{by_weights([[A]], 0):.3f}" == f"{by_tokens([[A]], 0):.3f}" == "2.000"
    near = [f"{loss([[A]], 0.001):.3f}" for loss in (by_weights, by_tokens)]
    assert NEAR_0.findall(PAGE) == [tuple(near)]


def test_every_excluded_key_is_named() -> None:
    """The page names every key that the plugin refuses."""
    tables = [
        ast.literal_eval(node.value)
        for node in ast.parse(CONFLICTS.read_text()).body
        if isinstance(node, ast.Assign)
    ]
    keys = [key for table in tables for key in table]
    assert keys
    assert [key for key in keys if f"`{key}`" not in PAGE] == []


def results() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FIGURES / "prompt-loss-weight.json").read_text())
    return found


def test_every_run_is_there() -> None:
    """The results hold one run for each weight and seed, made with the benchmark's settings."""
    expected = [
        (weight, seed) for weight in prompt_loss_weight.WEIGHTS for seed in prompt_loss_weight.SEEDS
    ]
    assert expected == [(run["weight"], run["seed"]) for run in results()["runs"]]
    assert results()["settings"] == prompt_loss_weight.settings()


def test_the_page_shows_the_measured_numbers() -> None:
    """The page's table is what the benchmark prints for the committed results."""
    assert prompt_loss_weight.table(results()) in PAGE


def test_the_page_shows_the_figure() -> None:
    """The figure stands on the page and names every weight."""
    assert "](figures/prompt-loss-weight.svg)" in PAGE
    figure = (FIGURES / "prompt-loss-weight.svg").read_text()
    assert all(f">{weight:g}<" in figure for weight in prompt_loss_weight.WEIGHTS)


def test_what_the_page_says_of_the_measurement() -> None:
    """Gains, differences within a seed and the order of weights are those of the results."""
    runs = results()["runs"]
    losses = prompt_loss_weight.by_weight(runs, "completion_loss")
    before = results()["before"]
    gain = before["completion_loss"] - statistics.mean(losses[0])
    apart = {
        weight: statistics.mean(
            loss - of_0 for loss, of_0 in zip(losses[weight], losses[0], strict=True)
        )
        for weight in losses
    }
    prompt_loss = statistics.mean(prompt_loss_weight.by_weight(runs, "prompt_loss")[0])
    text = " ".join(PAGE.split())
    assert f"lowers the completion loss by {gain:.2f};" in text
    assert (
        f"0.01 is better than 0 by {-apart[0.01]:.3f} on average, 0.1 worse by {apart[0.1]:.3f}, "
        f"0.5 by {apart[0.5]:.3f}, 1 by {apart[1]:.3f};" in text
    )
    assert f"({prompt_loss:.3f} after, {before['prompt_loss']:.3f} before)" in text
    of_seeds = list(zip(*losses.values(), strict=True))
    largest = max(max(of_seed) - min(of_seed) for of_seed in of_seeds)
    assert f"moves it by {largest:.2f} at most" in text
    assert "0.01 was the best and 1 the worst weight with every seed" in text
    weights = list(losses)
    assert {weights[of_seed.index(min(of_seed))] for of_seed in of_seeds} == {0.01}
    assert {weights[of_seed.index(max(of_seed))] for of_seed in of_seeds} == {1}

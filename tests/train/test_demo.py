"""What `make demo` does after training: its comparison of base and tuned model, on a tiny model."""

import math
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from train.conftest import ENVIRONMENT, REPOSITORY, Lab

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

DEMO_RECIPE = REPOSITORY / "recipes" / "smollm2-python-docstrings.yaml"
LOSSES = re.compile(
    r"^Evaluation loss on 4 held-out records \(mean over completion tokens\): "
    r"(\d+\.\d+) before, (\d+\.\d+) after training$",
    re.MULTILINE,
)


def docstrings(count: int) -> list[dict[str, str]]:
    return [
        {"prompt": f"def join{n}(path, *paths):", "completion": f"Join {n} path segments."}
        for n in range(count)
    ]


def test_the_demo_compares_base_and_tuned_model(lab: Lab, write_rows: Callable[..., Path]) -> None:
    recipe = lab.write_recipe(
        DEMO_RECIPE,
        train_data=str(write_rows(docstrings(40))),
        validation_data=str(write_rows(docstrings(6), "held-out.jsonl")),
        num_validation_samples=4,
        max_steps=4,
        warmup_steps=0,
    )
    trained = lab.train(recipe)
    assert trained.exit_code == 0, trained.output
    command = [sys.executable, REPOSITORY / "demo" / "compare.py", "--recipe", recipe]
    options = ["--prompts", "2", "--max-new-tokens", "3"]

    compared = subprocess.run(
        [*command, *options], env=ENVIRONMENT, capture_output=True, text=True, timeout=120
    )

    assert compared.returncode == 0, compared.stderr
    assert compared.stdout.count("  base:   ") == compared.stdout.count("  tuned:  ") == 2
    losses = LOSSES.search(compared.stdout)
    assert losses, compared.stdout
    before, after = map(float, losses.groups())
    assert math.isfinite(before)
    assert after < before

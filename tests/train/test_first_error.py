"""The first error in the data comes soon: nothing slow is done between Axolotl's start and it.

A clock would measure the machine; what is looked at instead is what is imported and opened.
"""

import json
import os
from pathlib import Path

import pytest
from train.conftest import Lab

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

# listed before our plugin, and registered before it: notes what happens from then on
PROBE = """
import sys

from axolotl.integrations.base import BasePlugin


class StartProbe(BasePlugin):
    def register(self, cfg):
        log = open("after_start.log", "w")

        def note(event, arguments):
            if event in ("open", "import"):
                print(event, arguments[0], file=log, flush=True)

        sys.addaudithook(note)
"""
# what loads a model, its tokenizer or datasets, or takes long to import
SLOW = ("transformers", "peft", "axolotl", "datasets", "torch", "bitsandbytes", "accelerate")


def test_a_malformed_line_is_reported_before_anything_slow(lab: Lab) -> None:
    """Only the data and the model's `config.json` are read, and no large library is imported."""
    rows = [json.dumps({"prompt": f"Say {n}", "completion": f" {n}"}) for n in range(1000)]
    rows[700] = '{"prompt": "a", "completion": "b",}'
    (lab.folder / "data.jsonl").write_text("\n".join(rows) + "\n")
    (lab.folder / "start_probe.py").write_text(PROBE)
    recipe = lab.write_recipe(
        train_data="data.jsonl",
        plugins=["start_probe.StartProbe", "axolotl_replicate.ReplicateInputsPlugin"],
    )
    path = f"{lab.folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"

    finished = lab.axolotl_from_shell("train", str(recipe), "--launcher", "python", PYTHONPATH=path)

    assert finished.exit_code == 1
    assert "data.jsonl:701:35: DT005" in finished.output
    noted = [
        line.split(" ", 1) for line in (lab.folder / "after_start.log").read_text().split("\n")
    ]
    opened = {name for event, name in (pair for pair in noted if len(pair) == 2) if event == "open"}
    imported = {pair[1] for pair in noted if pair[0] == "import"}
    assert {Path(name).name for name in opened if str(lab.model) in name} == {"config.json"}
    assert {name for name in imported if name.split(".")[0] in SLOW} == set()

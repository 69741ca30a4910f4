"""What the tests of real runs share: a tiny model, recipes pointed at it, and Axolotl itself."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from tiny_model import save_tiny_llama

REPOSITORY = Path(__file__).parents[2]
SCRIPTS = Path(sys.executable).parent

# Axolotl and what it imports warn about their own affairs; ours are errors in the other tests
pytestmark = pytest.mark.filterwarnings("ignore")


@dataclass(frozen=True)
class Finished:
    exit_code: int
    output: str

    @property
    def own_lines(self) -> list[str]:
        return [line for line in self.output.splitlines() if line.startswith("axolotl-replicate:")]


@dataclass(frozen=True)
class Lab:
    """A folder with a tiny model, in which recipes are written and run."""

    folder: Path
    model: Path

    def write_recipe(self, base: Path | None = None, **changes: Any) -> Path:
        """A recipe of the repository, or an empty one, with keys changed; None removes a key."""
        recipe = yaml.safe_load(base.read_text()) if base else {}
        recipe = {
            "plugins": ["axolotl_replicate.ReplicateInputsPlugin"],
            **recipe,
            "base_model": str(self.model),
            "output_dir": str(self.folder / "out"),
            "dataset_prepared_path": str(self.folder / "prepared"),
            "max_steps": 2,
            "logging_steps": 1,
            "dataset_num_proc": 1,
            **changes,
        }
        path = self.folder / "recipe.yaml"
        path.write_text(
            yaml.safe_dump({key: value for key, value in recipe.items() if value is not None})
        )
        return path

    def axolotl(self, *arguments: str) -> Finished:
        """Run Axolotl's own command in the lab's folder."""
        environment = {
            **os.environ,
            "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
            "HF_HUB_OFFLINE": "1",
            "AXOLOTL_DO_NOT_TRACK": "1",
            "AXOLOTL_REPLICATE_CACHE": str(self.folder / "cache"),
        }
        finished = subprocess.run(
            [SCRIPTS / "axolotl", *arguments],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return Finished(finished.returncode, finished.stdout)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_llama(tmp_path_factory.mktemp("tiny-llama"))


@pytest.fixture
def lab(tmp_path: Path, tiny_model: Path) -> Lab:
    return Lab(tmp_path, tiny_model)


@pytest.fixture
def write_rows(tmp_path: Path) -> Callable[..., Path]:
    """Writes rows as JSON Lines into the lab's folder."""
    import json

    def write(rows: list[dict[str, Any]], name: str = "data.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    return write

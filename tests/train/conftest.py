"""What the tests of real runs share: a tiny model, recipes pointed at it, and Axolotl itself."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from tiny_model import save_tiny_llama
from train.warm_axolotl import WarmAxolotl

REPOSITORY = Path(__file__).parents[2]
SCRIPTS = Path(sys.executable).parent
ENVIRONMENT = {
    **os.environ,
    # plugins that only the tests have
    "PYTHONPATH": os.pathsep.join(
        [str(REPOSITORY / "tests"), *filter(None, [os.environ.get("PYTHONPATH")])]
    ),
    "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",  # a tiny model is slower on more
    "AXOLOTL_DO_NOT_TRACK": "1",
}

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
    warm: WarmAxolotl

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

    def axolotl(self, *arguments: str, typed: str = "") -> Finished:
        """Run a command of Axolotl's in the lab's folder, in a process that has it imported."""
        return Finished(*self.warm.run(arguments, self.folder, self._environment, typed))

    def train(self, recipe: Path) -> Finished:
        """Train without a launcher, as `axolotl train --launcher python` does."""
        return self.axolotl("train", str(recipe), "--launcher", "python")

    def axolotl_from_shell(self, *arguments: str, **environment: str) -> Finished:
        """Run Axolotl's own command in the lab's folder, as a user does, with more variables."""
        finished = subprocess.run(
            [SCRIPTS / "axolotl", *arguments],
            cwd=self.folder,
            env={**self._environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return Finished(finished.returncode, finished.stdout)

    @property
    def _environment(self) -> dict[str, str]:
        return {**ENVIRONMENT, "AXOLOTL_REPLICATE_CACHE": str(self.folder / "cache")}


@pytest.fixture(scope="session")
def warm_axolotl() -> Iterator[WarmAxolotl]:
    warm = WarmAxolotl(ENVIRONMENT)
    yield warm
    warm.close()


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_llama(tmp_path_factory.mktemp("tiny-llama"))


@pytest.fixture
def lab(tmp_path: Path, tiny_model: Path, warm_axolotl: WarmAxolotl) -> Lab:
    return Lab(tmp_path, tiny_model, warm_axolotl)


@pytest.fixture
def write_rows(tmp_path: Path) -> Callable[..., Path]:
    """Writes rows as JSON Lines into the lab's folder."""
    import json

    def write(rows: list[dict[str, Any]], name: str = "data.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    return write


@dataclass(frozen=True)
class Loaded:
    """A recipe as Axolotl has loaded it, or what was said instead."""

    exit_code: Any
    lines: list[str]
    cfg: Any

    @property
    def own_lines(self) -> list[str]:
        return [line for line in self.lines if line.startswith("axolotl-replicate:")]

    @property
    def errors(self) -> list[str]:
        return [line for line in self.lines if line.startswith("axolotl-replicate: error:")]


@pytest.fixture
def load_recipe_file(
    lab: Lab, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[Path], Loaded]:
    """Loads a recipe as every command of Axolotl does first, without training."""
    monkeypatch.setenv("AXOLOTL_REPLICATE_CACHE", str(lab.folder / "cache"))
    monkeypatch.setenv("AXOLOTL_DO_NOT_TRACK", "1")
    monkeypatch.setattr("dataset_tools.sources.attempts.FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.chdir(lab.folder)

    def load(recipe: Path) -> Loaded:
        from axolotl.cli.config import load_cfg
        from axolotl.integrations.base import PluginManager

        PluginManager.get_instance().plugins.clear()  # a process of its own would have none
        capsys.readouterr()
        code, cfg = None, None
        try:
            cfg = load_cfg(str(recipe))
        except SystemExit as stopped:
            code = stopped.code
        return Loaded(code, capsys.readouterr().err.splitlines(), cfg)

    return load


@pytest.fixture
def load_recipe(lab: Lab, load_recipe_file: Callable[[Path], Loaded]) -> Callable[..., Loaded]:
    """Loads a recipe of some keys as Axolotl does; None leaves a key out."""

    def load(**keys: Any) -> Loaded:
        defaults = {"num_validation_samples": 2, "chunk_size": 64}
        return load_recipe_file(lab.write_recipe(**{**defaults, **keys}))

    return load


@pytest.fixture
def end_of_run(load_recipe: Callable[..., Loaded]) -> Callable[..., tuple[Any, list[str]]]:
    """Loads a recipe as Axolotl does; returns the exit code and what was said on standard error."""

    def load(**keys: Any) -> tuple[Any, list[str]]:
        loaded = load_recipe(**keys)
        return loaded.exit_code, loaded.lines

    return load

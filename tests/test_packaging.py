"""What is built from the checkout installs and runs elsewhere."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
LARGEST_BASE = 170 * 1024 * 1024  # bytes, of the whole environment; NumPy is half of it
ROW = '{"prompt": "Say 1", "completion": " 1"}\n'


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sdist that is built from the checkout."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, REPOSITORY, cwd=folder)
    assert len(list(folder.glob("*.tar.gz"))) == 1
    return next(folder.glob("*.whl"))


def test_the_base_install_lints_without_the_trainer(wheel: Path, tmp_path: Path) -> None:
    """The wheel in an empty environment lints from another folder, with no heavy package in it."""
    python = tmp_path / "venv" / "bin" / "python"
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    run(python, "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)
    (tmp_path / "data.jsonl").write_text(ROW)

    output = run(tmp_path / "venv" / "bin" / "dataset-tools", "lint", "data.jsonl", cwd=tmp_path)

    installed = run(python, "-m", "pip", "list", "--format=freeze", cwd=tmp_path).lower()
    size = sum(path.lstat().st_size for path in (tmp_path / "venv").rglob("*"))
    assert "0 errors, 1 warning" in output
    assert [
        name
        for name in ("torch", "transformers", "datasets", "axolotl")
        if f"\n{name}==" in f"\n{installed}"
    ] == []
    assert size < LARGEST_BASE


def test_the_sdist_has_what_its_tests_check(wheel: Path) -> None:
    """The action and the hooks' manifest are in the sdist, whose tests look at them."""
    with tarfile.open(next(wheel.parent.glob("*.tar.gz"))) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {"action.yml", ".pre-commit-hooks.yaml", "docs/ci.md"} - names == set()


@pytest.mark.train
@pytest.mark.filterwarnings("ignore")
def test_the_plugin_runs_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """The wheel's plugin package, not the checkout's, is what Axolotl would load."""
    site = tmp_path / "site"
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", site, wheel,
        cwd=tmp_path)  # fmt: skip

    code = "import axolotl_replicate as a; print(a.__file__, a.ReplicateInputsPlugin.__name__)"
    output = run(sys.executable, "-c", code, cwd=tmp_path, PYTHONPATH=str(site))

    assert output.split()[-2:] == [
        str(site / "axolotl_replicate" / "__init__.py"),
        "ReplicateInputsPlugin",
    ]


def test_the_wheel_has_the_templates_of_its_pages(wheel: Path) -> None:
    """Templates, style and scripts of the HTML pages are in the wheel, though they are no code."""
    templates = REPOSITORY / "dataset_tools" / "html_pages" / "templates"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    assert {
        f"dataset_tools/html_pages/templates/{path.name}" for path in templates.iterdir()
    } <= names

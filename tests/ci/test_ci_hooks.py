"""The pre-commit hooks, with the real pre-commit, installed as docs/ci.md says."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from ci.conftest import BAD_ROW, REPOSITORY, git
from ci.markdown_blocks import blocks

MANIFEST = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text())


def test_hooks_of_the_page_run(data: Path, tmp_path: Path, environment: Mapping[str, str]) -> None:
    """Good data passes both hooks, few records only the lenient one, a bad row neither."""
    config = yaml.safe_load(next(text for text in blocks("yaml") if text.startswith("repos:")))
    config["repos"][0]["hooks"].append({"id": "dataset-tools-lint-strict"})
    (data / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    git("init", "--quiet", cwd=data)
    train = data / "data" / "train.jsonl"

    def run_hook(name: str) -> tuple[int, str]:
        git("add", "--all", cwd=data)
        done = subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", name, "--all-files", "--color=never"],
            cwd=data,
            env={**environment, "PRE_COMMIT_HOME": str(tmp_path / "pre-commit")},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    good = [run_hook("dataset-tools-lint"), run_hook("dataset-tools-lint-strict")]
    rows = train.read_text()
    train.write_text("".join(rows.splitlines(keepends=True)[:20]))
    few = [run_hook("dataset-tools-lint"), run_hook("dataset-tools-lint-strict")]
    train.write_text(rows + BAD_ROW)
    bad = [run_hook("dataset-tools-lint"), run_hook("dataset-tools-lint-strict")]

    assert [code for code, _ in good] == [0, 0], good
    assert [code for code, _ in few] == [0, 1], few
    assert [code for code, _ in bad] == [1, 1], bad
    assert "DT404" in few[1][1]
    assert [text.count("data/train.jsonl:121:") for _, text in bad] == [1, 1], bad


@pytest.mark.parametrize("hook", MANIFEST, ids=lambda hook: hook["id"])
def test_a_hook_chooses_training_data_by_name(hook: dict[str, str]) -> None:
    """Plain and packed JSON Lines are checked, whatever the folder, and nothing else."""
    names = ["a.jsonl", "data/b.jsonl.gz", "c.jsonl.zst", "d.json", "e.jsonl.py", "jsonl", "f.gz"]
    chosen = [name for name in names if re.search(hook["files"], name)]
    assert chosen == ["a.jsonl", "data/b.jsonl.gz", "c.jsonl.zst"]


def test_the_page_names_every_hook() -> None:
    """The table of docs/ci.md has a line for each hook of the manifest."""
    page = (REPOSITORY / "docs" / "ci.md").read_text()
    named = re.findall(r"^\| `(dataset-tools-[\w-]+)` \|", page, re.MULTILINE)
    assert named == [hook["id"] for hook in MANIFEST]


def test_the_manifest_is_valid() -> None:
    """pre-commit's own validator accepts the manifest."""
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")

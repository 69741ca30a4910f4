"""The repository, published for the tests: git and pip find it where docs/ci.md says it is."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
ADDRESS = "https://github.com/OWNER/axolotl-replicate"
TAG = "v0.1.0"
# variables by which a surrounding CI job or hook would change what is tested
FOREIGN = ("GITHUB_", "CI", "GIT_", "PRE_COMMIT", "NO_COLOR", "FORCE_COLOR", "PYTHONPATH")

GOOD_ROWS = "".join(
    f'{{"prompt": "Say {number}\\n##\\n", "completion": "{number}\\n###\\n"}}\n'
    for number in range(1, 121)
)
BAD_ROW = '{"prompt": "Say 121", "completion": "121\\n###\\n"}\n'

Shell = Callable[..., subprocess.CompletedProcess[str]]


def clean_environment(**variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return kept | variables


def git(*arguments: str | Path, cwd: Path) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    return subprocess.run(
        ["git", *identity, *arguments],
        cwd=cwd,
        env=clean_environment(),
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository with the files of the checkout as they are now, tagged."""
    folder = tmp_path_factory.mktemp("published") / "OWNER" / "axolotl-replicate"
    names = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=REPOSITORY)
    for name in filter(None, names.split("\0")):
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, folder / name)
    git("init", "--quiet", cwd=folder)
    git("add", "--all", cwd=folder)
    git("commit", "--quiet", "--message", "Publish", cwd=folder)
    git("tag", TAG, cwd=folder)
    return folder


@pytest.fixture(scope="session")
def environment(published: Path) -> Mapping[str, str]:
    """An environment in which git finds the published repository at its public address."""
    return clean_environment(
        GIT_CONFIG_COUNT="1",
        GIT_CONFIG_KEY_0=f"url.{published.as_uri()}.insteadOf",
        GIT_CONFIG_VALUE_0=ADDRESS,
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with a clean file of training data, where the job starts."""
    folder = tmp_path / "workspace"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "train.jsonl").write_text(GOOD_ROWS)
    return folder

"""Runs of the real command line, for the tests of its commands."""

import os
import subprocess
import sys
from pathlib import Path

COMMAND = [sys.executable, "-m", "dataset_tools"]


def environment(**variables: str) -> dict[str, str]:
    """The environment without what would change the output's form."""
    unset = {"NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS", "COLUMNS"}
    return {name: value for name, value in os.environ.items() if name not in unset} | variables


def run(
    *arguments: str, cwd: Path, stdin: bytes = b"", **variables: str
) -> subprocess.CompletedProcess[bytes]:
    """Run `dataset-tools` in a process of its own; no run may ever show a traceback."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        input=stdin,
        env=environment(**variables),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert b"Traceback" not in done.stderr + done.stdout
    return done

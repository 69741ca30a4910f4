"""Runs the tests with Axolotl in an environment of its own for each version we support.

    python tests/axolotl_matrix.py [0.19 0.20 0.21] [-- arguments for pytest]

An environment is built where there is a Python for it: the variables PYTHON311 and PYTHON312, or
python3.11 and python3.12 on PATH. What could not be built is listed with the reason. The exit code
is 0 where at least one version ran, and all that ran passed.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
# Axolotl's version to the Python it is tested on; 0.20 and 0.21 need 3.12 or newer
PYTHON_OF = {"0.19": "3.11", "0.20": "3.12", "0.21": "3.12"}
TESTS = ["tests/train"]
COUNTS = re.compile(r"^=*\s*((?:\d+ [a-z]+(?:, )?)+) in [\d.]+s", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """A line of the summary; `passed` is None where nothing could be run."""

    axolotl: str
    python: str
    torch: str
    result: str
    seconds: float
    passed: bool | None


class CannotBuildError(Exception):
    """Says why there is no environment."""


def main(arguments: Sequence[str]) -> int:
    """Build, test and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0], epilog="What follows -- is for pytest."
    )
    parser.add_argument("versions", nargs="*", type=known_version, help=", ".join(PYTHON_OF))
    own = [*takewhile(lambda each: each != "--", arguments)]
    tests = arguments[len(own) + 1 :] or TESTS
    rows = [run(version, tests) for version in parser.parse_args(own).versions or PYTHON_OF]
    print(table(rows))
    ran = [row.passed for row in rows if row.passed is not None]
    return 0 if ran and all(ran) else 1


def known_version(text: str) -> str:
    """A version of Axolotl that we support."""
    if text not in PYTHON_OF:
        raise argparse.ArgumentTypeError(f"found '{text}', expected {' or '.join(PYTHON_OF)}")
    return text


def run(version: str, tests: Sequence[str]) -> Row:
    """The tests on one version of Axolotl."""
    print(f"== Axolotl {version}", flush=True)
    started = time.monotonic()
    try:
        python = build(version)
    except CannotBuildError as error:
        return Row(version, PYTHON_OF[version], "-", f"not run: {error}", 0, None)
    # accelerate and torchrun are looked up on PATH
    environment = {
        **os.environ,
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "HF_HUB_OFFLINE": "1",
        "AXOLOTL_DO_NOT_TRACK": "1",
        "OMP_NUM_THREADS": str(os.cpu_count()),
    }
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    log = python.parents[1] / "tests.log"
    with log.open("w") as stream:
        code = subprocess.run(
            command, cwd=REPOSITORY, env=environment, stdout=stream, stderr=stream, check=False
        ).returncode
    text = log.read_text(errors="replace")
    print("\n".join(line for line in text.splitlines() if line.startswith(("FAILED", "ERROR"))))
    counts = COUNTS.findall(text)
    result = counts[-1] if counts else f"pytest ended with {code}, see {log}"
    axolotl, torch = installed(python)
    seconds = time.monotonic() - started
    return Row(axolotl, PYTHON_OF[version], torch, result, seconds, code == 0)


def build(version: str) -> Path:
    """The Python of the environment, built unless it is there; raises CannotBuildError."""
    folder = REPOSITORY / f".venv-axolotl-{version}"
    python, ready = folder / "bin" / "python", folder / ".ready"
    project = (REPOSITORY / "pyproject.toml").read_bytes()
    wanted = hashlib.sha256(project).hexdigest()
    if ready.exists() and ready.read_text() == wanted:
        return python
    if not python.exists():
        install(interpreter(PYTHON_OF[version]), "-m", "venv", str(folder))
    extras = "train,dev,tokens,demo"
    install(
        str(python), "-m", "pip", "install", "--quiet", "--editable", f".[{extras}]",
        f"axolotl=={version}.*",
    )  # fmt: skip
    ready.write_text(wanted)
    return python


def interpreter(python: str) -> str:
    """The command for a version of Python."""
    variable = f"PYTHON{python.replace('.', '')}"
    command = os.environ.get(variable) or f"python{python}"
    found = shutil.which(command)
    if found is None:
        raise CannotBuildError(f"no {command}; name one with {variable}=...")
    # a shim on PATH may stand for a Python that is not installed
    asked = "import sys; print('%d.%d' % sys.version_info[:2])"
    answer = subprocess.run([found, "-c", asked], capture_output=True, text=True, check=False)
    if answer.stdout.strip() != python:
        said = (answer.stdout or answer.stderr).strip().splitlines()
        raise CannotBuildError(f"{command} is no Python {python}: {' '.join(said[:1])}")
    return found


def install(*command: str) -> None:
    """Run a command; raises CannotBuildError with what it said last."""
    finished = subprocess.run(
        command, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True, check=False
    )
    if finished.returncode:
        said = [line for line in finished.stderr.splitlines() if line.strip()]
        errors = [line for line in said if "ERROR" in line] or said
        raise CannotBuildError(errors[-1] if errors else f"{command[0]} failed")


def installed(python: Path) -> tuple[str, str]:
    """The versions of Axolotl and PyTorch."""
    asked = "import importlib.metadata as m, torch; print(m.version('axolotl'), torch.__version__)"
    answer = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True)
    axolotl, torch = answer.stdout.split()
    return axolotl, torch


def table(rows: Sequence[Row]) -> str:
    """The rows under a heading, columns aligned."""
    cells = [("Axolotl", "Python", "PyTorch", "minutes", "result")]
    cells += [
        (row.axolotl, row.python, row.torch, f"{row.seconds / 60:.1f}", row.result) for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

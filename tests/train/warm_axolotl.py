"""Axolotl's command, imported once and forked for each run.

Importing Axolotl takes ten times as long as training a tiny model for some steps. Run as a script,
this file reads one request a line and answers each with the command's exit code; every command runs
in a process of its own, as from a shell, with `--launcher python` in place of accelerate's.
"""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, NoReturn


class WarmAxolotl:
    """A process that has imported Axolotl and waits for commands."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def run(
        self,
        arguments: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        typed: str = "",
    ) -> tuple[int, str]:
        """Exit code and output, both streams together, of a command in a folder.

        `typed` is its standard input; the exit code of a command that a signal has ended is the
        signal's negative.
        """
        output, terminal = folder / "axolotl.log", folder / "typed.txt"
        terminal.write_text(typed)
        request = {
            "arguments": list(arguments),
            "folder": str(folder),
            "environment": dict(environment),
            "input": str(terminal),
            "output": str(output),
        }
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        print(json.dumps(request), file=stdin, flush=True)
        return int(stdout.readline()), output.read_text()

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def _serve(requests: IO[str], answers: IO[str]) -> None:
    # what a run would import itself later on
    for module in ("axolotl.cli.main", "axolotl.cli.train", "axolotl.core.builders"):
        importlib.import_module(module)
    for line in requests:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(request)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


def _run(request: dict[str, object]) -> NoReturn:
    from axolotl.cli.main import cli

    os.dup2(os.open(str(request["input"]), os.O_RDONLY), 0)
    sys.stdin = os.fdopen(0, closefd=False)  # what it had read ahead are requests
    log = os.open(str(request["output"]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(log, stream)
    exit_code = 1
    try:
        os.chdir(str(request["folder"]))
        os.environ.update(request["environment"])  # type: ignore[call-overload]
        cli(request["arguments"], prog_name="axolotl")
    except SystemExit as ended:
        exit_code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exit_code)


if __name__ == "__main__":
    # libraries print while they are imported: what they print must not look like an answer
    answer_stream = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    _serve(sys.stdin, answer_stream)

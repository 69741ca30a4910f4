"""The program ends early, and yet as programs should."""

import subprocess
import sys
from pathlib import Path

from cli_runs import run


def test_an_interrupt_while_it_starts_gives_no_traceback() -> None:
    """Ctrl-C is told in a word even before the command line is imported."""
    program = (
        "import sys\nfrom dataset_tools.__main__ import run\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'click':\n            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupt())\nrun()\n"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"interrupted\n")


def test_what_is_registered_for_the_end_is_done(tmp_path: Path) -> None:
    """The interpreter is not taken down, but its exit functions run and what is written arrives."""
    program = (
        "import atexit, sys\nfrom dataset_tools.__main__ import run\n"
        "atexit.register(lambda: print('the end', end=''))\n"
        "sys.argv = ['dataset-tools', '--version']\nrun()\n"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)

    version = run("--version", cwd=tmp_path).stdout
    assert (done.returncode, done.stdout) == (0, version + b"the end")

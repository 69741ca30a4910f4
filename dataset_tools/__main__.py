"""The program: `dataset-tools`, or `python -m dataset_tools` where that is not on the path."""

import atexit
import os
import sys
from typing import NoReturn

EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def run() -> NoReturn:
    """Do what the command line says, and leave without taking the interpreter down.

    To free each object by itself takes as long as to lint five megabytes.
    """
    code = 0
    try:
        # here, so that Ctrl-C while it is imported gives no traceback either
        from dataset_tools.cli import main

        main()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        code = EXIT_INTERRUPTED
    except SystemExit as end:
        if not isinstance(end.code, int | None):
            raise
        code = end.code or 0
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # it is where the program was started without one
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    run()

"""What the demo's scripts share: their folder, their errors, and how quiet libraries are."""

import logging
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from dataset_tools.errors import InputError

DEMO = Path(__file__).resolve().parent
NOISY_LOGGERS = ("torch.utils._pytree", "torchao", "transformers", "bitsandbytes")


def run(main: Callable[[], None]) -> NoReturn:
    """Run a script's main function; what a person can mend becomes one line and exit code 2."""
    try:
        main()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        print(f"error: {error.filename or 'file'}: {error.strerror or error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(0)


def quieten_libraries() -> None:
    """Keep libraries' warnings about GPU parts and their progress bars away from our output.

    Has to come before the first import of torch or transformers.
    """
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # everything the demo loads lies in its folder
    os.environ.setdefault("TQDM_DISABLE", "1")  # the scripts show their own progress
    warnings.filterwarnings("ignore", module="bitsandbytes")
    for name in NOISY_LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)


def shown(path: Path) -> str:
    """The path as a person in the current folder would write it."""
    folder = Path.cwd()
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)

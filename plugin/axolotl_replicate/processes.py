"""The processes of one job, as torchrun and accelerate number them in the environment."""

import os


def is_main_process() -> bool:
    """Whether this process speaks for the machine's others."""
    return os.environ.get("LOCAL_RANK", "0") == "0"


def process_count() -> int:
    """How many processes train together, on all machines."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def local_process_count() -> int:
    """How many of them this machine has."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", process_count()))

"""NumPy, loaded when it is needed: it takes longer to import than a small file to lint."""

import os
from functools import cache
from types import ModuleType


@cache
def numpy_module() -> ModuleType:
    """NumPy, without the threads that its linear algebra starts and that nothing here needs."""
    given = os.environ.get("OPENBLAS_NUM_THREADS")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import numpy

    if given is None:
        del os.environ["OPENBLAS_NUM_THREADS"]
    return numpy

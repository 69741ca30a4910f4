"""Text digests: 128 bits of a text, which no two different texts of any data set will share."""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Digests = NDArray[np.int64]  # two numbers for each text

DIGEST_BYTES = 16


def digest(first: str, second: str = "") -> bytes:
    """128 bits that tell this pair of texts from all others."""
    pair = f"{len(first)}:{first}{second}"
    hashed: bytes = _blake2b()(pair.encode(), digest_size=DIGEST_BYTES).digest()
    return hashed


def lasting_digests(texts: list[str]) -> "Digests":
    """128 bits that tell each text from all others."""
    import numpy as np

    return np.frombuffer(b"".join(map(digest, texts)), np.int64).reshape(-1, 2)


def passing_digests(texts: list[str]) -> "Digests":
    """128 bits likewise, in half the time; equal in processes forked from one another only."""
    import numpy as np

    digests = np.empty((len(texts), 2), np.int64)
    digests[:, 0] = np.fromiter(map(hash, texts), np.int64, len(texts))
    digests[:, 1] = np.fromiter(map(hash, map("\0".__add__, texts)), np.int64, len(texts))
    return digests


@cache
def _blake2b() -> Any:
    """Late, since hashlib brings OpenSSL, which most files need not wait for."""
    from hashlib import blake2b

    return blake2b

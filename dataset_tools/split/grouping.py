"""Groups: records that must not be parted, known by a 64-bit key.

Records belong together where their prompts are the same once white space is normalised and marks
are left out; records with a prompt of nothing but these, and texts, where the completions are. That
holds duplicates together, for they have the same prompt, and is coarser than the sameness that
DT408 reports: lint infers the marks of each file from that file, so what it removes from a part may
differ from what it removes from the whole, and `without_any_mark` covers all of it.

A key is a 56-bit hash of that text, salted with the seed, above 8 bits for the class. Sorted, keys
put groups in an order that is random but for text and seed. Two groups whose hashes are equal by
chance (at a billion groups about seven pairs) become one, which parts nothing.
"""

from collections.abc import Iterable
from hashlib import blake2b

from dataset_tools.marks import without_any_mark
from dataset_tools.records import Record

CLASS_BITS = 8
LARGEST_SEED = 2**64 - 1
KEY_BYTES = 8
_HASH_BYTES = KEY_BYTES - CLASS_BITS // 8
_PROMPT, _COMPLETION = b"p", b"c"  # a text as prompt and the same text as completion are two groups


class Grouping:
    """Makes the keys for one seed and the marks that were given, which lint removes as well."""

    def __init__(
        self, seed: int, separators: Iterable[str] = (), stop_sequences: Iterable[str] = ()
    ) -> None:
        self.salt = seed.to_bytes(blake2b.SALT_SIZE, "little")
        self.separators = tuple(separators)
        self.stop_sequences = tuple(stop_sequences)

    def key(self, record: Record, class_number: int = 0) -> bytes:
        """The record's key, little-endian."""
        text = without_any_mark(record.prompt or "", self.separators)
        kind = _PROMPT
        if not text:
            text, kind = without_any_mark(record.completion, self.stop_sequences), _COMPLETION
        data = kind + text.encode()
        digest = blake2b(data, digest_size=_HASH_BYTES, salt=self.salt).digest()
        return bytes((class_number,)) + digest

"""Groups: records that must not be parted, known by a 64-bit key.

Records belong together where their prompts are the same once white space is normalised and marks
are left out; records without a prompt, and texts, where the completions are. That holds duplicates
together, for they have the same prompt, and is coarser than the sameness that DT408 reports: lint
infers the marks of each file from that file, so what it removes from a part may differ from what it
removes from the whole, and `without_any_mark` covers all of it.

A prompt of nothing but what could be marks (`# =>`, `</s>`) is a prompt nevertheless. Where the
separator was given, it alone is removed. Otherwise what any separator would leave of such a prompt
starts with the same sign, which tells its group; and one of a single word may be all separator, so
it belongs to the prompts that are empty and have the same completion as well.

A key is a 56-bit hash of that text, salted with the seed, above 8 bits for the class. Sorted, keys
put groups in an order that is random but for text and seed. Two groups whose hashes are equal by
chance (at a billion groups about seven pairs) become one, which parts nothing.
"""

import re
from collections.abc import Iterable
from hashlib import blake2b
from typing import TYPE_CHECKING

from dataset_tools.marks import without_any_mark
from dataset_tools.records import Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CLASS_BITS = 8
LARGEST_SEED = 2**64 - 1
KEY_BYTES = 8
_HASH_BYTES = KEY_BYTES - CLASS_BITS // 8
_PROMPT, _COMPLETION = b"p", b"c"  # a text as prompt and the same text as completion are two groups
# a special token, a word or a run of signs: no mark that lint infers ends within one
_FIRST_SIGN = re.compile(r"<[^<>\s]+>|\[[^\[\]\s]+\]|[^\W_]+|(?:[^\w\s<\[]|_)+|\S")


class Grouping:
    """Makes the keys for one seed and the marks that were given, which lint removes as well."""

    def __init__(
        self, seed: int, separators: Iterable[str] = (), stop_sequences: Iterable[str] = ()
    ) -> None:
        self.salt = seed.to_bytes(blake2b.SALT_SIZE, "little")
        self.separators = tuple(separators)
        self.stop_sequences = tuple(stop_sequences)
        self._same_as: dict[int, int] = {}  # hashes of groups that turned out to be one

    def key(self, record: Record, class_number: int = 0) -> bytes:
        """The record's key, little-endian; `unite` is to see it once all keys are made."""
        return bytes((class_number,)) + self._group(record)

    def _group(self, record: Record) -> bytes:
        prompt = record.prompt or ""
        if text := without_any_mark(prompt, self.separators):
            return self._digest(_PROMPT, text)
        completion = without_any_mark(record.completion, self.stop_sequences)
        by_completion = self._digest(_COMPLETION, completion)
        text = self._mere_marks(prompt)
        if not text:
            return by_completion
        by_prompt = self._digest(_PROMPT, text)
        if not self.separators and len(prompt.split()) == 1:
            self._link(by_prompt, by_completion)
        return by_prompt

    @property
    def may_be_separators(self) -> bool:
        """Whether a prompt was seen that may be nothing but a separator that was not given."""
        return bool(self._same_as)

    def unite(self, keys: "NDArray[np.uint64]") -> None:
        """Give the keys of groups that are one the same hash, in place."""
        import numpy as np

        if not self._same_as:
            return
        hashes = np.array(sorted(self._same_as), np.uint64)
        united = np.array([self._root(each) for each in hashes.tolist()], np.uint64)
        places = np.searchsorted(hashes, keys >> CLASS_BITS)
        places[places == len(hashes)] = 0
        is_linked = hashes[places] == keys >> CLASS_BITS
        classes = keys[is_linked] & np.uint64(2**CLASS_BITS - 1)
        keys[is_linked] = united[places[is_linked]] << CLASS_BITS | classes

    def _mere_marks(self, prompt: str) -> str:
        """What tells apart prompts that hold nothing but marks; "" where nothing is there."""
        if self.separators:
            for separator in self.separators:
                prompt = prompt.removesuffix(separator)
            return " ".join(prompt.split())
        sign = _FIRST_SIGN.search(prompt)
        return sign.group() if sign else ""

    def _digest(self, kind: bytes, text: str) -> bytes:
        return blake2b(kind + text.encode(), digest_size=_HASH_BYTES, salt=self.salt).digest()

    def _link(self, *digests: bytes) -> None:
        """Make one group of two; the smaller hash names it, whatever the order of the lines."""
        first, second = sorted(self._root(int.from_bytes(each, "little")) for each in digests)
        self._same_as[first] = self._same_as[second] = first

    def _root(self, group_hash: int) -> int:
        while (parent := self._same_as.get(group_hash, group_hash)) != group_hash:
            self._same_as[group_hash] = self._same_as[parent]
            group_hash = parent
        return group_hash

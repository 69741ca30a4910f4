"""The line index finds every line where splitting the whole file finds it."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_tools.line_index import LineIndex
from dataset_tools.lines import UTF8_BOM

CONTENTS = st.lists(st.sampled_from([b"\n", b"a", b"bc\r", b"\xe2\x80\xa8", b""])).map(b"".join)


@given(CONTENTS, st.booleans(), st.integers(1, 5))
def test_every_line_is_found(content: bytes, has_mark: bool, block_bytes: int) -> None:
    """Start, content and number of all lines, whatever the size of the blocks."""
    mark = UTF8_BOM if has_mark else b""
    index = LineIndex(io.BytesIO(mark + content), block_bytes)
    expected, start = [], len(mark)
    for line in io.BytesIO(content).readlines():
        expected.append((start, line))
        start += len(line)

    found = [index.line(number) for number in range(1, len(expected) + 1)]

    assert expected == found
    assert index.line(len(expected) + 1) is None
    assert len(expected) == LineIndex(io.BytesIO(mark + content), block_bytes).count()


def test_no_more_is_read_than_is_asked_about() -> None:
    """A line near the start costs one block, not the file."""

    class Counted(io.BytesIO):
        bytes_read = 0

        def read(self, size: int | None = -1, /) -> bytes:
            block = super().read(size)
            self.bytes_read += len(block)
            return block

    stream = Counted(b"abc\n" * 10_000)
    index = LineIndex(stream, 64)

    assert index.line(4) == (12, b"abc\n")
    assert stream.bytes_read < 300


@pytest.mark.parametrize("number", [2, 10])
def test_beyond_the_end_there_is_nothing(number: int) -> None:
    """Neither a line behind the last newline nor one further on."""
    assert LineIndex(io.BytesIO(b"a\n")).line(number) is None

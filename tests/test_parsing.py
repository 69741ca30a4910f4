"""Parsing: the fast look at a batch agrees with the exact look at each line."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from dataset_tools.lines import LineBatch
from dataset_tools.parsing import parse_batch, parse_batches, parse_line
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import REQUIRED_KEYS, RecordFormat

TEXTS = st.text(max_size=6) | st.sampled_from(["prompt", "completion", "text", '"text"', "\u2028"])
FORMATS = st.sampled_from(list(REQUIRED_KEYS))
ODD_LINES = [
    b"", b" \t", b"{", b"[]", b"null", b'"prompt"', b"\xff", b'{"text": "\xe9"}',
    b'{"text": "\\ud83d"}', b'{"text": NaN}', b'{"text": 1}', b'{"text": "a", "text": "b"}',
    b'{"text": "a", "te\\u0078t": "b"}', b'{"te\\u0078t": "a"}', b'{"text": "a", "weight": 2}',
    b'{"prompt": "a", "prompt": "b", "completion": "c"}', b'{"prompt": "a", "prompt": "b"}',
    b'{"prompt": "a", "completion": "b", "weight": -1}', b'{"prompt": "a", "completion": null}',
    b'{"prompt": "a", "completion": "b"} {}', b'{"prompt": "a", "completion": "b", "text": "c"}',
    b'{"text": "a", "weight": 1' + b"0" * 400 + b"}", b'{"Prompt": "a", "completion": "b"}',
    b"[" * 2000, b"\xef\xbb\xbf{}", b'{"completion": "prompt", "prompt": "completion"}',
]  # fmt: skip


def regular_lines(record_format: RecordFormat) -> st.SearchStrategy[bytes]:
    """Lines that hold exactly the format's keys, in any order and spelling."""
    rows = st.fixed_dictionaries(dict.fromkeys(REQUIRED_KEYS[record_format], TEXTS))
    ordered = rows.flatmap(lambda row: st.permutations(list(row.items())).map(dict))
    return st.builds(
        lambda row, ascii_: json.dumps(row, ensure_ascii=ascii_).encode(), ordered, st.booleans()
    )


ENDINGS = st.sampled_from([b"\n", b"\r\n"])


def with_endings(lines: st.SearchStrategy[bytes]) -> st.SearchStrategy[list[bytes]]:
    return st.lists(st.builds(bytes.__add__, lines, ENDINGS), min_size=1, max_size=8)


MIXED_BATCHES = FORMATS.flatmap(
    lambda name: st.tuples(
        st.just(name),
        with_endings(regular_lines(name))
        | with_endings(regular_lines(name) | st.sampled_from(ODD_LINES)),
    )
)


def exact_records(batch: LineBatch, record_format: RecordFormat) -> list[tuple[int, object]]:
    """Every record as the exact look at its line alone reads it."""
    looks = [
        parse_line(number, line, record_format)
        for number, line in enumerate(batch.lines, batch.first_number)
    ]
    return [(look.number, look.record) for look in looks if look.record is not None]


def is_sound(line: bytes, record_format: RecordFormat) -> bool:
    """Whether the exact look has nothing to say of a line but which keys training ignores."""
    look = parse_line(1, line, record_format)
    if look.scan is None or look.record is None:
        return False
    if look.scan.duplicate_keys or look.scan.constants:
        return False
    keys = {member.key for member in look.scan.members}
    return keys - {"weight", *look.record.ignored_keys} == set(REQUIRED_KEYS[record_format])


@given(MIXED_BATCHES)
@settings(deadline=None, max_examples=300)
def test_fast_path_reads_what_the_exact_path_reads(
    case: tuple[RecordFormat, list[bytes]],
) -> None:
    """Whichever way a batch is read, it gives the same records under the same line numbers."""
    record_format, lines = case
    batch = LineBatch(7, b"".join(lines))

    parsed = parse_batch(batch, record_format)

    assert exact_records(batch, record_format) == list(parsed.records())


@given(MIXED_BATCHES)
@settings(deadline=None, max_examples=300)
def test_every_odd_line_is_kept(case: tuple[RecordFormat, list[bytes]]) -> None:
    """A line about which there is something to say is among the odd lines, with its exact look."""
    record_format, lines = case
    batch = LineBatch(1, b"".join(lines))

    odd_lines = {line.number: line for line in parse_batch(batch, record_format).odd_lines}

    for number, content in enumerate(lines, 1):
        if number in odd_lines:
            assert parse_line(number, content, record_format) == odd_lines[number]
        else:
            assert is_sound(content, record_format)


@given(MIXED_BATCHES)
@settings(deadline=None)
def test_a_batch_equals_its_lines_one_by_one(case: tuple[RecordFormat, list[bytes]]) -> None:
    """Where a batch is cut changes neither records nor odd lines."""
    record_format, lines = case
    whole = parse_batch(LineBatch(1, b"".join(lines)), record_format)

    singles = [
        parse_batch(LineBatch(number, line), record_format) for number, line in enumerate(lines, 1)
    ]

    assert list(whole.records()) == [pair for single in singles for pair in single.records()]
    alone = {line.number: line for single in singles for line in single.odd_lines}
    assert alone.keys() <= {line.number for line in whole.odd_lines}


@given(MIXED_BATCHES, st.integers(1, 4))
@settings(deadline=None)
def test_many_odd_lines_are_told_by_and_by(
    case: tuple[RecordFormat, list[bytes]], most_odd_lines: int
) -> None:
    """No batch holds more odd lines than it may; together they hold what one would."""
    record_format, lines = case
    batch = LineBatch(7, b"".join(lines))

    parts = list(parse_batches(batch, record_format, most_odd_lines))

    whole = parse_batch(batch, record_format)
    assert all(len(part.odd_lines) <= most_odd_lines for part in parts)
    assert [line for part in parts for line in part.odd_lines] == whole.odd_lines
    assert [pair for part in parts for pair in part.records()] == list(whole.records())
    assert b"".join(part.lines.block for part in parts) == batch.block


def test_objects_are_lines_even_where_their_numbers_agree() -> None:
    """Two objects in one line and one in two lines are three odd lines, not three records."""
    lines = [b'{"text": "a"} {"text": "b"}\n', b'{"text":\n', b'"c"}\n']

    batch = parse_batch(LineBatch(1, b"".join(lines)), "text")

    assert [line.number for line in batch.odd_lines] == [1, 2, 3]
    assert len(batch) == 0


def test_columns_hold_weights_by_index() -> None:
    """A weight other than 1 is found by its record's index; a line by its number."""
    lines = [b'{"text": "a"}\n', b"\n", b'{"text": "b", "weight": 0.5}\n']

    batch: RecordBatch = parse_batch(LineBatch(10, b"".join(lines)), "text")

    assert batch.numbers == [10, 12]
    assert batch.weights == {1: 0.5}
    assert lines[2] == batch.line_at(12)

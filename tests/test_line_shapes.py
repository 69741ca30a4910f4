"""Line shapes: one look tells for all lines that are called alike."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from dataset_tools.lines import LineBatch
from dataset_tools.parsing import parse_batch
from dataset_tools.record_batch import OddLine
from dataset_tools.records import REQUIRED_KEYS, RecordFormat
from dataset_tools.rules import RULES, FileContext

KEYS = st.sampled_from([
    '"prompt"', '"completion"', '"text"', '"weight"', '"Prompt"', '"id"', '""', r'"te\u0078t"',
    r'"\ud83d"', r'"a\"b"', '"a key of many letters"', '"a key of many letterz"',
])  # fmt: skip
SCALARS = st.sampled_from([
    '""', '"a"', '":"', '"NaN"', '",{"', "1", "-1", "0.5", "1e999", "null", "true", "NaN",
    "Infinity", "-Infinity", "01", "nan", r'"\ud83d"', r'"\ud83d\ude00"', r'"\""', r'"\x"', '"',
    '"\t"', "1" * 4301, '"é"', "[" * 501,
])  # fmt: skip
CONTAINERS = st.sampled_from(['{"a": 1, "a": 2}', "[NaN]", r'["\ud83d"]', "{}", '[{"id": "a"}]'])
MEMBERS = st.builds(
    "".join,
    st.tuples(KEYS, st.sampled_from([": ", ":", " : ", "\t  :", " "]), SCALARS | CONTAINERS),
)
COMMAS = st.sampled_from([", ", ", ", ",", " ,  ", " "])
OBJECTS = st.builds(
    "{{{}}}".format, COMMAS.flatmap(lambda comma: st.lists(MEMBERS, max_size=4).map(comma.join))
)
LINES = st.one_of(
    OBJECTS,
    st.builds(lambda line, end: line[:end], OBJECTS, st.integers(0, 60)),
    st.builds(str.__add__, OBJECTS, st.sampled_from([",", " ", "\r", "{}", "\x0b", "\u2028"])),
    SCALARS | CONTAINERS,
    st.sampled_from(["", " ", "\t", "\ufeff{}", '{"a": 1,}']),
).map(str.encode) | st.sampled_from([b"\xff", b'{"text": "\xe9"}'])


def verdict(line: OddLine, record_format: RecordFormat) -> tuple[bool, dict[str, int]]:
    """Whether the line holds a record, and how many problems each rule finds in it."""
    context = FileContext(record_format)
    counts = {code: len(list(rule(context).check_line(line))) for code, rule in RULES.items()}
    return line.record is not None, counts


@given(st.sampled_from(list(REQUIRED_KEYS)), st.lists(LINES, min_size=2, max_size=12))
@example("text", [b'{"id": NaN, "text": "\\ud83d"}', b'{"id": NaN, "text": "\\ud83d\\ude00"}'])
@example("text", [b'{"te\\u0078t": "a", "text": "b",}', b'{"text": "b",}'])
@example("text", [b'{"text": "a", "text"', b'{"text": "a", "id"'])
@settings(deadline=None, max_examples=400)
def test_lines_of_one_shape_are_alike(record_format: RecordFormat, lines: list[bytes]) -> None:
    """They have as many problems of each rule, and hold a record or not, one as the other."""
    refused = [b"{"] * 9  # the first few are looked at one by one
    batch = parse_batch(LineBatch(1, b"\n".join([*refused, *lines])), record_format)

    for alike in batch.odd_lines_by_shape.values():
        first, *others = (verdict(line, record_format) for line in alike)
        assert all(first == other for other in others), alike
    together = [line for alike in batch.odd_lines_by_shape.values() for line in alike]
    assert batch.odd_lines == sorted(together, key=lambda line: line.number)

"""The lint engine: any bytes, any batch size, any kind of file."""

import gzip
import json
import os
import random
import subprocess
import sys
import threading
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st
from toy_tokenizers import TOY_TOKENIZERS

from dataset_tools.errors import InputError
from dataset_tools.lines import LineBatch, read_batches
from dataset_tools.lint import LintReport, LintSettings, check_source
from dataset_tools.lint.survey import READ_WHOLE_BYTES
from dataset_tools.marks import Mark
from dataset_tools.parsing import MOST_ODD_LINES, parse_batch
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules import RULES, FileContext
from dataset_tools.rules.dt401_duplicate_record import DuplicateRecord
from dataset_tools.rules.rule import RecordLookup, Rule, RuleInputs
from dataset_tools.sources import SourceFile, fetch
from dataset_tools.tokens import TrainingFormat

GOOD = b'{"prompt": "a", "completion": "b"}\n'
PIECES = st.sampled_from(
    [GOOD, b'{"text": "a"}\n', b"\n", b"\r\n", b"{", b'{"prompt": "', b"\xff", b"\xef\xbb\xbf",
     b'{"prompt": "a", "completion": ""}\n', b'{"text": 1}\n', b"[1]\n", b"\\ud83d", b'"',
     b'{"prompt": "a\\n##\\n", "completion": "b END"}\n', b"\x00", b"\x1f\x8b", b"PAR1"]
)  # fmt: skip
CONTENTS = st.binary() | st.lists(PIECES, max_size=20).map(b"".join)
MARK_TEXTS = st.sampled_from(["#", "##", "\n", " ", "\n##\n", "END", "aa", "a"])
ABOUT_THE_SET = {"DT401", "DT404", "DT406"}  # files of one good line draw these
WORDS = st.sampled_from(
    [" ", "\n", "    ", "a", "The cat sat on the old mat. ", "{name}", "<your name>", "[INST]",
     "[/INST]", "</s>", "<|im_end|>", "##"]
)  # fmt: skip
PERSONAL = st.sampled_from(
    # what the opt-in rules look for
    ["a b@c.de", "+44 20 7946 0958", "(555) 234-5678", "4111111111111111", "3782 822463 10005",
     "01 23 45 67 89", "AKIA" + "Q3EGUZ5JW7KLM2NP",
     "a ghp_" + "1aB2cD3eF4gH5iJ6kL7mN8oP9qR0sT1uV2wX"]
)  # fmt: skip
ODD = st.text(
    st.sampled_from("\x01\x7f\f\x85\u200b\u200d\u202b\u202e\ufffdÃ©â€™ðŸאд日 a"), max_size=6
)
TEXTS = st.one_of(
    st.text(st.sampled_from("#a\n END☃"), max_size=8), st.lists(WORDS).map("".join), PERSONAL, ODD
)
WEIGHTS = st.sampled_from([0.0, 1.0, 2.0])


def lint(path: Path, max_findings: int = 1000, **how: int) -> LintReport:
    report = LintReport()
    settings = LintSettings(max_findings=max_findings)
    check_source(SourceFile("data.jsonl", path), settings, report, **how)
    return report


def places(report: LintReport) -> list[tuple[int, int, str]]:
    return [(finding.line, finding.column, finding.code) for finding in report.findings]


def errors(report: LintReport) -> list[tuple[int, int, str]]:
    return [place for place in places(report) if place[2] not in ABOUT_THE_SET]


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lint") / "data.jsonl"


@given(content=CONTENTS, max_findings=st.integers(0, 3))
@settings(deadline=None, max_examples=200)
def test_any_bytes_are_judged(scratch: Path, content: bytes, max_findings: int) -> None:
    """Whatever a file holds, lint ends: sorted findings, complete counts, lists within limits."""
    scratch.write_bytes(content)
    try:
        report = lint(scratch, max_findings)
    except InputError:
        assert content.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd"))
        return

    listed = Counter(finding.code for finding in report.findings)
    assert report.findings == sorted(report.findings, key=lambda each: each.sort_key)
    assert all(
        min(max_findings, count) == listed[code] for code, count in report.counts.items() if count
    )
    assert report.truncated == (report.counts.total() > len(report.findings))
    assert all(finding.line >= 1 and finding.column >= 1 for finding in report.findings)


@given(content=st.lists(PIECES, max_size=30).map(b"".join), piece_bytes=st.integers(4, 200))
@example(content=b"[1]\n" + GOOD, piece_bytes=4)  # a piece that ends where a line ends
@example(content=b"\n" + GOOD, piece_bytes=1)
@example(content=b"\xef\xbb\xbf\r\n", piece_bytes=4)  # the first line starts behind the mark
@settings(deadline=None)
def test_piece_size_changes_no_finding(scratch: Path, content: bytes, piece_bytes: int) -> None:
    """Where the file is cut into pieces is nothing a reader could notice."""
    if content.startswith(b"\x1f\x8b"):
        return
    scratch.write_bytes(content)

    assert lint(scratch) == lint(scratch, piece_bytes=piece_bytes)


@given(content=st.lists(PIECES, max_size=30).map(b"".join), jobs=st.integers(2, 4))
@settings(deadline=None, max_examples=5)
def test_the_number_of_processes_changes_no_finding(
    scratch: Path, content: bytes, jobs: int
) -> None:
    """However many processes check a file, they find what one does."""
    if content.startswith(b"\x1f\x8b"):
        return
    scratch.write_bytes(content)

    assert lint(scratch) == lint(scratch, piece_bytes=40, jobs=jobs)


def test_a_first_look_by_another_process_tells_the_same(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What rules learn of a large file while it is looked at elsewhere, they know here."""
    rows = [(f"Is it {number}? ->", f" It is {number}, as we all know.") for number in range(1000)]
    odd = [("Which is it? ->", "Nothing I know."), ("And now? ->", " It is not what it was and")]
    odd += [("Is it?", " It is."), ("Who said it? ->", " I did. " * 300), rows[0]]
    lines = (json.dumps({"prompt": prompt, "completion": text}) for prompt, text in rows + odd)
    scratch.write_text("".join(f"{line}\n" for line in lines))
    alone = LintReport()
    settings = LintSettings(rules=tuple(RULES.values()))
    check_source(SourceFile("data.jsonl", scratch), settings, alone)
    assert {"DT203", "DT207", "DT301", "DT401", "DT409"} <= set(alone.counts)

    monkeypatch.setattr("dataset_tools.lint.checker.FEWEST_PARALLEL_BYTES", 0)
    together = LintReport()
    check_source(SourceFile("data.jsonl", scratch), settings, together, jobs=2, piece_bytes=500)

    assert alone == together


def test_a_first_look_by_another_process_loads_no_numpy(tmp_path: Path) -> None:
    """That would take the other process longer than the look itself, with everyone waiting."""
    path = tmp_path / "data.jsonl"
    path.write_bytes(GOOD * 200)
    look = (
        "import pickle, sys\n"
        "from dataset_tools.lint import LintSettings\n"
        "from dataset_tools.lint.checker import look_at\n"
        "look = look_at(open(sys.argv[1], 'rb'), int(sys.argv[2]), LintSettings())\n"
        "assert look.hashes is not None\n"
        "pickle.dumps(look)\n"
        "print('numpy' in sys.modules)\n"
    )
    command = [sys.executable, "-c", look, path, f"{path.stat().st_size}"]

    assert subprocess.check_output(command) == b"False\n"


@given(
    st.lists(st.builds(Record, TEXTS, TEXTS, WEIGHTS) | st.none(), max_size=12),
    MARK_TEXTS,
    MARK_TEXTS,
    st.sampled_from(["flag", "recipe"]),
    st.sampled_from([0.0, 0.8]),
    st.booleans(),
    st.booleans(),
    st.builds(
        RuleInputs,
        tokenizer=st.sampled_from([None, *TOY_TOKENIZERS.values()]),
        training_format=st.builds(TrainingFormat, chunk_size=st.integers(1, 20)),
    ),
)
@settings(deadline=None, max_examples=300)
def test_no_rule_misses_a_bad_record_at_first_look(
    records: list[Record | None],
    separator: str,
    stop: str,
    origin: str,
    share: float,
    text: bool,
    escapes: bool,
    inputs: RuleInputs,
) -> None:
    """The cheap look over columns names every record in which the exact look finds a problem."""
    context = FileContext(
        "text" if text else "prompt-completion",
        None if text else Mark(separator, origin, share),
        Mark(stop, origin, share),
        inputs,
    )
    batch = batch_of(
        [
            Record(None, record.completion, record.weight) if text else record
            for record in filter(None, records)
        ],
        context,
        escapes,
    )

    for rule in (rule(context) for rule in RULES.values()):
        rule.learn(batch)
        suspects = set(rule.suspects(batch))
        problems = [len(list(rule.check_record(batch.record(i)))) for i in range(len(batch))]
        assert {index for index, count in enumerate(problems) if count} <= suspects, rule.code
        assert rule.count_problems(batch, rule.suspects(batch)) == sum(problems), rule.code
        if rule.suspects_are_problems:
            assert [int(index in suspects) for index in range(len(batch))] == problems, rule.code


def batch_of(records: list[Record], context: FileContext, escapes: bool) -> RecordBatch:
    rows = (json.dumps(each.as_json_object(), ensure_ascii=escapes) for each in records)
    lines = "".join(f"{row}\n" for row in rows)
    return parse_batch(LineBatch(1, lines.encode()), context.record_format)


def test_max_findings_cuts_lists_and_not_counts(tmp_path: Path) -> None:
    """The first findings of each code are listed, all are counted."""
    path = tmp_path / "data.jsonl"
    path.write_bytes(b"{\n" * 5 + b"\n" * 2 + GOOD)

    report = lint(path, max_findings=3)

    assert report.counts == {"DT005": 5, "DT004": 2, "DT404": 1}
    assert [each.line for each in report.findings if each.code == "DT005"] == [1, 2, 3]
    assert report.truncated


def test_places_behind_very_many_odd_lines(tmp_path: Path) -> None:
    """Lines too many to be looked at together are counted, and records behind them found again."""
    path = tmp_path / "data.jsonl"
    path.write_bytes(GOOD + b"\n" * (2 * MOST_ODD_LINES) + b"{\n" + GOOD)

    report = lint(path, max_findings=1)

    assert report.counts["DT004"] == 2 * MOST_ODD_LINES
    lines = {each.code: each.line for each in report.findings}
    assert lines["DT004"] == 2
    assert lines["DT005"] == 2 * MOST_ODD_LINES + 2
    assert lines["DT401"] == 2 * MOST_ODD_LINES + 3


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress], ids=["gz", "zst"])
def test_compressed_files(compress: object, tmp_path: Path) -> None:
    """A packed file is judged as its content is, several frames included."""
    path = tmp_path / "data.jsonl"
    path.write_bytes(compress(GOOD * 2) + compress(b"{\n"))  # type: ignore[operator]

    report = lint(path)

    assert errors(report) == [(3, 2, "DT005")]
    assert len(GOOD) * 2 + 2 == report.files[0].bytes


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress], ids=["gz", "zst"])
@pytest.mark.parametrize("kept", [0.3, 0.7, 0.99])
def test_truncated_compressed_files(compress: object, kept: float, tmp_path: Path) -> None:
    """A packed file that was cut short is refused rather than judged by its beginning."""
    noise = random.Random(0).randbytes(20_000).hex().encode()
    packed = compress(b'{"text": "%s"}\n' % noise)  # type: ignore[operator]
    path = tmp_path / "data.jsonl"
    path.write_bytes(packed[: int(len(packed) * kept)])

    with pytest.raises(InputError, match=r"data\.jsonl: the \w+ data is damaged or cut short"):
        lint(path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"text": "a\u2028b\u2029c\u0085d"}\n{\n'.encode(), [(2, 2, "DT005")]),
        (b'{"text": "a"}\r\n{\r\n', [(2, 2, "DT005")]),
        (b'\xef\xbb\xbf{"text": "a"}\n{"text": 1}\n', [(1, 1, "DT003"), (2, 10, "DT102")]),
        (b'\xef\xbb\xbf{"text": 1}', [(1, 1, "DT003"), (1, 10, "DT102")]),
        (b'{"text": "a"}\n{', [(2, 2, "DT005")]),
        (b'{"text": "a"}\n\xef\xbb\xbf{"text": "b"}\n', [(2, 1, "DT005")]),
    ],
    ids=["separators", "Windows", "mark", "mark and column", "no newline", "mark inside"],
)
def test_what_ends_a_line(
    content: bytes, expected: list[tuple[int, int, str]], tmp_path: Path
) -> None:
    """Only a newline ends a line; a byte order mark belongs to no column."""
    path = tmp_path / "data.jsonl"
    path.write_bytes(content)

    assert expected == errors(lint(path))


def test_one_bad_line_does_not_stop_the_rest(tmp_path: Path) -> None:
    """Everything behind a bad line is judged as if it were not there."""
    path = tmp_path / "data.jsonl"
    path.write_bytes(GOOD + b"\xff\n" + b"[" * 5000 + b"\n" + GOOD + b'{"prompt": "a"}\n')

    report = lint(path)

    assert errors(report) == [(2, 1, "DT002"), (3, 501, "DT007"), (5, 1, "DT101")]
    assert report.files[0].records == 2


def test_format_of_a_large_file_of_long_lines(tmp_path: Path) -> None:
    """Lines longer than the blocks of the survey tell the file's format as short ones do."""
    path = tmp_path / "data.jsonl"
    line = b'{"text": "%s"}\n' % (b"a" * 300_000)
    path.write_bytes(line * (READ_WHOLE_BYTES // len(line) + 2))

    report = lint(path)

    assert report.files[0].format == "text"
    assert errors(report) == []


def test_a_byte_order_mark_is_skipped_once() -> None:
    """Reading starts at the text, wherever the stream stood."""
    stream = BytesIO(b"\xef\xbb\xbfa\nb")
    stream.seek(4)

    assert [LineBatch(1, b"a\nb")] == list(read_batches(stream))


def test_a_pipe_is_read(tmp_path: Path) -> None:
    """A FIFO, which cannot be read twice, is judged like a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[GOOD + b"{\n"])
    writer.start()
    (source,) = fetch(str(pipe))
    writer.join()
    report = LintReport()

    check_source(source, LintSettings(), report)

    assert errors(report) == [(2, 2, "DT005")]


@pytest.mark.parametrize("name", ["", "missing.jsonl"])
def test_what_cannot_be_opened_is_an_input_error(name: str, tmp_path: Path) -> None:
    """A folder or a missing file is named in one line."""
    with pytest.raises(InputError, match="cannot be read"):
        check_source(SourceFile("x", tmp_path / name), LintSettings(), LintReport())


def test_a_file_cut_between_two_readings_is_named(tmp_path: Path) -> None:
    """Where the second reading finds less than the first did, the message tells of which file."""
    path = tmp_path / "data.jsonl"
    path.write_bytes(GOOD * 100)

    class CutsTheFile(Rule):
        code = "DT999"

        def conclude(self, records: RecordLookup) -> tuple[()]:
            os.truncate(path, 10 * len(GOOD))
            return ()

    (source,) = fetch(str(path))
    settings = LintSettings(rules=(CutsTheFile, DuplicateRecord))

    with pytest.raises(InputError, match=r"data\.jsonl: changed while it was read"):
        check_source(source, settings, LintReport())

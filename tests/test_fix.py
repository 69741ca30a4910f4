"""The fixer: rounds of stages, copies of files of many blocks, diffs, encodings."""

import io
import json
import subprocess
from array import array
from pathlib import Path

import pytest
from fix_runs import diff, fix, fixable_findings, no_progress, stored

from dataset_tools.errors import InputError
from dataset_tools.fix import fixed, fixer, unified_diff
from dataset_tools.fix.dropped_lines import DroppedLines
from dataset_tools.lint import LintSettings
from dataset_tools.lint.settings import GivenMark
from dataset_tools.rules.legacy_encoding import EncodingEvidence

STOP = GivenMark("##", "flag")

# a file that takes all stages, each of which shows what the next one mends
ALL_STAGES = "\ufeff" + (
    '{"Text": "é"}\r\n'
    "\r\n"
    '{"text": "b##"}\n'
    '{"text": "b"}\n'
    '{"text": "é##"}'
)  # fmt: skip
ALL_STAGES_FIXED = '{"text": "é##"}\n{"text": "b##"}\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_what_one_fix_uncovers_another_mends(encoding: str, tmp_path: Path) -> None:
    """Encoding, keys, marks, duplicates and endings are mended one after the other, in one run."""
    settings = LintSettings(stop_sequence=STOP)

    with fixed(stored(ALL_STAGES.encode(encoding), tmp_path), settings, no_progress) as result:
        result.after.seek(0)
        output = result.after.read()
        codes = set(result.mended.counts)

    assert output.decode() == ALL_STAGES_FIXED
    expected = {"DT004", "DT008", "DT108", "DT303", "DT401"}
    assert codes == expected | ({"DT003"} if encoding == "utf-8" else {"DT002"})


def test_counts_are_of_what_was_done(tmp_path: Path) -> None:
    """Each code counts its edits: lines dropped and changed, keys renamed, the file decoded."""
    content = (
        '{"Prompt": "é", "Completion": "b"}\n\n\n{"prompt": "a", "completion": "b"}\r\n'
        '{"prompt": "a", "completion": "b"}\n{"prompt": "c", "completion": "d"}\n'
    ).encode("cp1252")
    settings = LintSettings(separator=STOP)

    with fixed(stored(content, tmp_path), settings, no_progress) as result:
        counts, decoded_from = result.mended.counts, result.mended.decoded_from

    expected = {"DT002": 1, "DT004": 2, "DT008": 1, "DT108": 2, "DT301": 4, "DT401": 1}
    assert (counts, decoded_from) == (expected, "cp1252")


def test_marks_are_inferred_after_keys_are_mended(tmp_path: Path) -> None:
    """Rows whose keys were wrong have a say in what the file's mark is."""
    rows = [("prompt", "a ->"), ("prompt", "b ->"), ("prompt", "c ->"), ("prompt", "d")]
    with_mark = "".join(f'{{"{key}": "{text}", "completion": "x"}}\n' for key, text in rows)
    without = "".join(f'{{"Prompt": "{n}", "completion": "x"}}\n' for n in range(4))

    alone = fix(with_mark.encode(), tmp_path, LintSettings())
    together = fix((with_mark + without).encode(), tmp_path, LintSettings())

    assert alone.count(b"d ->") == 1
    assert together.count(b"->") == 3  # less than the majority carries it


def test_files_of_many_blocks(tmp_path: Path) -> None:
    """Lines far apart are fixed as in a small file, and the diff makes the output of the input."""
    rows = [{"prompt": f"{n}" * 40, "completion": "b" * (n % 90)} for n in range(30_000)]
    lines = [json.dumps(row).encode() + b"\n" for row in rows]
    for n in (5, 29_000):
        lines[n] = b"\n"
    for n in (9_000, 29_999):
        lines[n] = lines[n - 1000]
    lines[20_000] = lines[20_000].replace(b"\n", b"\r\n")
    content = b"".join(lines)
    settings = LintSettings(separator=STOP)

    output = fix(content, tmp_path, settings)

    gone = {5, 9_000, 29_000, 29_999}
    expected = [
        lines[n].replace(b"\r\n", b"\n").replace(b'", "comp', b'##", "comp')
        for n in range(30_000)
        if n not in gone
    ]
    assert len(content) > 3_000_000
    assert b"".join(expected) == output
    shown = diff(content, tmp_path, settings)
    patched = stored(content, tmp_path).path
    subprocess.run(["patch", "--binary", "-s", str(patched)], input=shown, check=True)
    assert patched.read_bytes() == output


def test_a_fix_that_comes_to_no_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After so many rounds a fix gives up and says what helps."""
    monkeypatch.setattr(fixer, "MOST_ROUNDS", 3)
    with pytest.raises(InputError, match="still not mended after 3 rounds"):
        fix(ALL_STAGES.encode(), tmp_path, LintSettings(stop_sequence=STOP))


def test_working_copies_are_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a fix nor one that fails in the end leaves a file behind."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    settings = LintSettings(stop_sequence=STOP)

    fix(ALL_STAGES.encode(), tmp_path, settings)
    with pytest.raises(InputError):
        fix('{"text": "a"}\n'.encode("utf-16")[:-1], tmp_path, settings)

    assert list(folder.iterdir()) == []


def test_a_diff_has_hunks_with_three_lines_of_context(tmp_path: Path) -> None:
    """Changes up to six lines apart share a hunk, others have hunks of their own."""
    lines = [f'{{"text": "{n}"}}\n' for n in range(24)]
    for n in (1, 8, 16):
        lines[n] = "\n"

    shown = diff("".join(lines).encode(), tmp_path, LintSettings())

    heads = [line for line in shown.decode().splitlines() if line.startswith("@@")]
    assert heads == ["@@ -1,12 +1,10 @@", "@@ -14,7 +12,6 @@"]


def test_a_diff_of_equal_files_is_empty(tmp_path: Path) -> None:
    """Where nothing is mended there is no diff."""
    assert diff(b'{"text": "a"}\n', tmp_path, LintSettings()) == b""
    same = list(unified_diff(io.BytesIO(b"a\n"), io.BytesIO(b"a\n"), [], ("a", "b")))
    assert same == []


def test_a_diff_tells_lines_without_newline(tmp_path: Path) -> None:
    """A last line that has no newline is marked so, on either side."""
    shown = diff(b'{"text": "a"}\n\n{"text": "b"}', tmp_path, LintSettings())
    assert shown.endswith(b'-\n {"text": "b"}\n\\ No newline at end of file\n')

    shown = diff(b'{"text": "b"}', tmp_path, LintSettings(stop_sequence=STOP))
    note = b"\\ No newline at end of file\n"
    assert shown.endswith(b'-{"text": "b"}\n' + note + b'+{"text": "b##"}\n' + note)


def test_a_diff_of_a_wide_encoding_starts_from_its_text(tmp_path: Path) -> None:
    """UTF-16 has no lines of bytes, so the diff shows what else is mended."""
    content = '{"text": "a"}\n\n{"text": "b"}\n'.encode("utf-16")
    shown = diff(content, tmp_path, LintSettings())
    assert shown.splitlines()[3:] == [b' {"text": "a"}', b"-", b' {"text": "b"}']


def test_dropped_lines_are_numbered_as_at_first() -> None:
    """Numbers among the lines that are left become numbers of the file as it was."""
    dropped = DroppedLines()
    for numbers in ([2, 3], [], [1, 2, 5], [1]):
        dropped.add(array("Q", numbers))
    # 1 2 3 4 5 6 7 8 -> 1 4 5 6 7 8 -> 5 6 8 -> 6 8
    assert list(dropped) == [1, 2, 3, 4, 5, 7]


TEXTS = {
    "cp1252": ["L’été à la plage, très bon café", "Müller grüßt die Straße", "Æblegrød på øen"],
    "cp1250": ["Dobrý den, jak se máte? Mám se dobře, děkuji", "Dzień dobry, jak się masz"],
    "cp1251": ["Привет, как дела сегодня? Хорошо, спасибо"],
    "koi8_r": ["Привет, как дела сегодня? Хорошо, спасибо"],
    "cp1253": ["Καλημέρα, τι κάνεις; Είμαι καλά, ευχαριστώ"],
    "cp1254": ["Günaydın, nasılsın? İyiyim, teşekkür ederim, görüşürüz"],
    "cp1257": ["Labas rytas, kaip sekasi? Ačiū, gerai, šiandien gražu, žinoma"],
}


@pytest.mark.parametrize(
    ("encoding", "text"), [(name, text) for name, texts in TEXTS.items() for text in texts]
)
def test_a_legacy_encoding_is_told_by_its_letters(encoding: str, text: str, tmp_path: Path) -> None:
    """A file in a legacy encoding comes out with the characters that were written."""
    line = json.dumps({"text": f"\n{text}"}, ensure_ascii=False) + "\n"
    output = fix(line.encode(encoding), tmp_path, LintSettings())
    assert output.decode() == line


@pytest.mark.parametrize(
    "content",
    [
        b'{"text": "\xc3\xa9"}\n{"text": "\xe9"}\n',
        b'{"text": "\xe9 \xc3\xa9"}\n',
        b'{"text": "\x00\x81\x8d\x8f\x90\x9d\xff\xfe"}\n',
        b'{"text": "z\xb9c \xb3 \xe8\xec\xf8\xfe\xde"}\n',
    ],
    ids=["UTF-8 in another line", "UTF-8 in the same line", "no text", "of no one language"],
)
def test_bytes_that_may_mean_anything_are_left(content: bytes, tmp_path: Path) -> None:
    """Invalid bytes beside UTF-8, and such as fit no language, are left and not called fixable."""
    assert fix(content, tmp_path, LintSettings()) == content
    assert fixable_findings(content, tmp_path, LintSettings()) == []


def test_evidence_of_parts_is_that_of_the_whole() -> None:
    """It makes no difference in how many pieces a file was looked at."""
    lines = ['{"text": "Dobrý den"}\n', '{"text": "děkuji"}\n', '{"text": "a"}\n'] * 2000
    whole = EncodingEvidence()
    whole.add("".join(lines).encode("cp1250"))
    parts = EncodingEvidence()
    for line in lines:
        part = EncodingEvidence()
        part.add(line.encode("cp1250"))
        parts.merge(part)

    assert vars(parts) == vars(whole)
    assert parts.encoding() == "cp1250"


def test_utf8_in_any_piece_speaks_against_a_legacy_encoding() -> None:
    """Pieces of which one holds UTF-8 make no file in a legacy encoding, whatever their order."""
    legacy, other = EncodingEvidence(), EncodingEvidence()
    legacy.add('{"text": "café"}\n'.encode("cp1252"))
    other.add('{"text": "café"}\n'.encode())
    assert legacy.encoding() == "cp1252"
    legacy.merge(other)
    assert legacy.encoding() is None

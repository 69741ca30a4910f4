"""What holds of a fix whatever the file: properties of mixtures of good and bad lines."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from fix_runs import diff, fix, fixable_findings
from hypothesis import example, given, reject, settings
from hypothesis import strategies as st

from dataset_tools.errors import InputError
from dataset_tools.lint import LintSettings
from dataset_tools.lint.settings import GivenMark
from dataset_tools.rules import RULES

BOM = b"\xef\xbb\xbf"
MARKS = ["\n##\n", " ->", "END", "\n", "<|im_end|>", '"\\é', "\n\n###\n\n"]
ENDINGS = [*MARKS, "", "", "#", "\n#", "##", "\n##", " \n", "<|im", "E", "WEEKEND", "\n##\n ", "\\"]
INVALID_LINES = [
    b"", b"  ", b"\t", b"x", b'{"text": "a', b"[1]", b"null", b'{"prompt": 1, "completion": "b"}',
    b'{"text": "\xff"}', b'{"text": "caf\xe9"}', b'{"prompt": "\\ud800"}',
    b'{"Prompt": "a", "prompt": "b", "completion": "c"}', b'{"Text": "a"}', b'{"TEXT": "a##"}',
    b'{"Prompt": "a", "completion": "b", "Weight": 2}', b'{"prompt": "a", "prompt": "b"}',
    b'{"text": NaN}', b'{"text": "a", "Prompt": "b", "Completion": "c", "Weight": 3}',
]  # fmt: skip
LINE_ENDINGS = [b"\n", b"\n", b"\n", b"\r\n", b"\r\r\n"]

bodies = st.one_of(
    st.sampled_from(["a", "b", "é", "", "x\U0001f600"]),
    st.text(st.characters(codec="utf-8"), max_size=4),
)
FORMATS = ["text", "prompt-completion"]
extras = st.sampled_from([{}, {}, {}, {"weight": 2}, {"id": 7}, {"id": "\u2028"}])


def texts(usual_ending: str) -> st.SearchStrategy[str]:
    """Texts most of which end alike, so that there is a mark to be inferred."""
    endings = st.sampled_from([usual_ending] * len(ENDINGS) * 3 + ENDINGS)
    return st.builds(lambda body, ending: body + ending, bodies, endings)


@st.composite
def good_lines(draw: Callable, record_format: str):
    """Lines of one file that hold records, though they may lack marks."""
    prompts, completions = (texts(draw(st.sampled_from(ENDINGS))) for _ in range(2))
    rows = (
        st.fixed_dictionaries({"text": completions})
        if record_format == "text"
        else st.fixed_dictionaries({"prompt": prompts, "completion": completions})
    )
    return st.builds(
        lambda row, extra, is_ascii: json.dumps({**row, **extra}, ensure_ascii=is_ascii).encode(),
        rows, extras, st.booleans(),
    )  # fmt: skip


@st.composite
def files(draw: Callable) -> bytes:
    """A file of one format, with lines of all kinds."""
    good = draw(good_lines(draw(st.sampled_from(FORMATS))))
    others = st.sampled_from(INVALID_LINES)
    lines = draw(st.lists(st.one_of(good, good, good, good, others), max_size=12))
    content = b"".join(line + draw(st.sampled_from(LINE_ENDINGS)) for line in lines)
    mark = draw(st.sampled_from([b"", b"", BOM, BOM + BOM]))
    last = draw(st.sampled_from([b"", b'{"text": "a"}', b"  "]))
    return mark + content + last


def fix_of_json_lines(content: bytes, folder: Path, chosen: LintSettings) -> bytes:
    """A fix; files that are something else as a whole (`[1]`) are none of the examples."""
    try:
        return fix(content, folder, chosen)
    except InputError as error:
        assert "not JSON Lines" in str(error)
        reject()


def given_mark(text: str | None) -> GivenMark | None:
    return None if text is None else GivenMark(text, "flag")


lint_settings = st.builds(
    lambda separator, stop_sequence: LintSettings(given_mark(separator), given_mark(stop_sequence)),
    *[st.sampled_from([None, None, *MARKS])] * 2,
)


@settings(max_examples=200, deadline=None)
@given(files(), lint_settings)
@example(b'{"text": "a##"}\n{"text": "b##"}\n{"text": "c##"}\n{"text": "d\n"}\n', LintSettings())
def test_a_fix_leaves_nothing_fixable_and_is_idempotent(
    content: bytes, chosen: LintSettings
) -> None:
    """After a fix, lint with the same settings finds nothing fixable, and a fix changes nothing."""
    with TemporaryDirectory() as name:
        output = fix_of_json_lines(content, Path(name), chosen)

        assert fixable_findings(output, Path(name), chosen) == []
        assert fix(output, Path(name), chosen) == output


def lines_of(content: bytes) -> list[bytes]:
    """The lines without mark and endings, blank ones left out."""
    while content.startswith(BOM):
        content = content.removeprefix(BOM)
    lines = (line.rstrip(b"\r") for line in content.split(b"\n"))
    return [line for line in lines if line.strip(b" \t\r")]


@settings(max_examples=200, deadline=None)
@given(files(), st.sampled_from(["", *MARKS]), st.sampled_from(["", *MARKS]))
def test_a_line_changes_only_at_a_place_that_lint_calls_fixable(
    content: bytes, separator: str, stop_sequence: str
) -> None:
    """All other lines stay byte for byte, in order; a changed one keeps its begin and its end."""
    rules = tuple(RULES[code] for code in ("DT003", "DT004", "DT008", "DT108", "DT301", "DT303"))
    chosen = LintSettings(given_mark(separator), given_mark(stop_sequence), rules)
    with TemporaryDirectory() as name:
        # a line without DT004 alone, so that line numbers are those of lines that stay
        plain = b"".join(line + b"\n" for line in lines_of(content))
        fixable = {finding.line for finding in fixable_findings(plain, Path(name), chosen)}
        output = fix_of_json_lines(content, Path(name), chosen)

    before, after = lines_of(content), lines_of(output)
    assert len(before) == len(after)
    for number, (old, new) in enumerate(zip(before, after, strict=True), 1):
        if number in fixable:
            # what opens the object and what closes it stands in neither a text nor a key
            assert (old[:2], old[-1:]) == (new[:2], new[-1:])
            assert len(json.loads(new)) == len(json.loads(old))
        else:
            assert old == new


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(FORMATS), st.data())
def test_of_equal_records_the_first_stays(record_format: str, data: st.DataObject) -> None:
    """Lines go only if their texts and weight are those of an earlier line."""
    lines = data.draw(st.lists(data.draw(good_lines(record_format)), max_size=12))
    content = b"".join(line + b"\n" for line in lines)
    first: dict[tuple[object, ...], object] = {}
    expected = []
    for line in lines:
        row = json.loads(line)
        texts = tuple(row.get(key) for key in ("text", "prompt", "completion"))
        weight = row.get("weight", 1)
        if texts not in first or first[texts] != weight:
            expected.append(line)
        first.setdefault(texts, weight)

    with TemporaryDirectory() as name:
        output = fix(content, Path(name), LintSettings(rules=(RULES["DT401"],)))

    assert b"".join(line + b"\n" for line in expected) == output


@settings(max_examples=120, deadline=None)
@given(files(), lint_settings)
def test_no_mark_is_added_to_a_text_that_has_it(content: bytes, chosen: LintSettings) -> None:
    """No text of the output ends with its mark twice where none of the input does."""
    with TemporaryDirectory() as name:
        output = fix_of_json_lines(content, Path(name), chosen)

    for mark, keys in (
        (chosen.separator, ("prompt",)),
        (chosen.stop_sequence, ("completion", "text")),
    ):
        if mark is not None:
            assert doubled(output, mark.text, keys) <= doubled(content, mark.text, keys)


def doubled(content: bytes, mark: str, keys: tuple[str, ...]) -> set[str]:
    """The texts that end with a mark, and with its signs before that."""
    found = set()
    for line in lines_of(content):
        try:
            row = json.loads(line)
        except ValueError:
            continue
        values = [row.get(key) for key in keys] if isinstance(row, dict) else []
        for text in values:
            if isinstance(text, str) and text.endswith(mark):
                body = text.removesuffix(mark).rstrip()
                if body.endswith(mark.strip() or mark):
                    found.add(text)
    return found


@settings(max_examples=60, deadline=None)
@given(files(), lint_settings)
def test_a_diff_applied_by_patch_gives_the_output(content: bytes, chosen: LintSettings) -> None:
    """`patch` makes the output of the input and the diff, whatever endings and bytes they have."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        output = fix_of_json_lines(content, folder, chosen)
        shown = diff(content, folder, chosen)
        path = folder / "data.jsonl"
        if shown:
            subprocess.run(
                ["patch", "--binary", "--silent", "--force", str(path)],
                input=shown,
                check=True,
                capture_output=True,
            )
        # patch removes a file that becomes empty
        assert output == (path.read_bytes() if path.exists() else b"")

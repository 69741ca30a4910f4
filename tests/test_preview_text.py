"""What a person sees of a record: exact, safe, and the same as in the golden files.

`python tests/test_preview_text.py` writes the golden files again.
"""

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from preview_pictures import MARKS, TOKENIZERS, VIEWS, plain, shown
from rich.cells import cell_len
from toy_tokenizers import CharacterTokenizer

from dataset_tools.preview import RejectedLine, view_record
from dataset_tools.preview.signs import ASCII_SIGNS, UNICODE_SIGNS, Signs, signs_for
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.records import Record
from dataset_tools.tokens import TrainingFormat

GOLDEN = Path(__file__).parent / "data" / "preview"
SPELLINGS = {False: "txt", True: "ansi"}
ROLES = ("BOS", "prompt", "separator", "completion", "text", "stop sequence", "EOS")
TEXTS = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("\n\t\r \x1b\x9b\u202e\u200b\u0301\ufe0f\u3164[]\\ab"),
    ),
    max_size=60,
)
# the signs themselves and backslashes would be read back as what they stand for
UNDONE = {"↵": "\n", "→": "\t", "·": " ", "⁺": ""}
PLAIN_TEXTS = TEXTS.map(lambda text: re.sub(r"[↵→·⁺\\]", "", text))


@pytest.mark.parametrize("color", SPELLINGS)
@pytest.mark.parametrize("name", VIEWS)
def test_golden(name: str, color: bool) -> None:
    """At 80 columns, with and without colour, as it was looked at."""
    path = GOLDEN / f"{name}.{SPELLINGS[color]}"

    assert path.read_text(encoding="utf-8") == shown(VIEWS[name], color=color)


def body_of(output: str) -> list[str]:
    """The lines between the heading and the legend or what follows, the facts left out."""
    lines = output.split("\n")
    start = lines.index("") + 1
    ends = [
        number
        for number, line in enumerate(lines)
        if line.startswith(("loss weight:", "send at inference", "stop at:"))
    ]
    return lines[start : ends[0]]


def texts_of(lines: list[str], *, strips: bool) -> str:
    """What stands beside the roles, signs undone; every second line is a strip where there are."""
    shown_lines = [line for line in lines if line]
    if strips:
        shown_lines = shown_lines[::2]
    text = ""
    for line in shown_lines:
        if line.startswith(("BOS", "EOS")):
            continue
        assert line[:15].strip() == "" or line[:15].strip() in ROLES
        text += line[15:]
    return text


def undone(text: str) -> str:
    for sign, character in UNDONE.items():
        text = text.replace(sign, character)
    return re.sub(
        r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|r)",
        lambda match: match.group().encode().decode("unicode_escape"),
        text,
    )


@settings(deadline=None, max_examples=300)
@given(PLAIN_TEXTS, PLAIN_TEXTS, st.sampled_from([None, *TOKENIZERS]), st.integers(40, 120))
def test_what_is_printed_is_the_text(
    prompt: str, completion: str, tokenizer: str | None, width: int
) -> None:
    """The lines put together, signs undone, are the segments, character by character."""
    record = Record(prompt, completion)
    width = max(width, 60)
    view = view_record(
        "a", 1, record, TrainingFormat(MARKS, chunk_size=4096),
        None if tokenizer is None else TOKENIZERS[tokenizer],  # type: ignore[arg-type]
    )  # fmt: skip

    printed = texts_of(body_of(shown(view, width)), strips=tokenizer is not None)

    assert view.text == undone(printed)


@settings(deadline=None, max_examples=300)
@given(
    st.one_of(st.none(), TEXTS), TEXTS, st.sampled_from([*TOKENIZERS]), st.integers(4, 30),
    st.sampled_from(["truncate_prompt", "drop"]),
)  # fmt: skip
def test_every_token_has_one_sign(
    prompt: str | None, completion: str, tokenizer: str, chunk_size: int, on_too_long: str
) -> None:
    """In the strips stand as many signs as there are tokens, those of what is cut among them."""
    text_format = TrainingFormat(
        PromptFormat("\n##\n", ""), chunk_size, on_too_long, 0.5  # type: ignore[arg-type]
    )  # fmt: skip
    view = view_record("a", 1, Record(prompt, completion), text_format, TOKENIZERS[tokenizer])
    assert view.tokenized is not None
    runs = view.tokenized.runs
    if len(runs) > 4:
        return  # some are left out

    lines = body_of(shown(view, 200))
    strips = [line[15:] for line in lines if re.fullmatch(" {15}[·×▁▂▃▄▅▆▇█─ ]+", line)]

    signs = sum(1 for strip in strips for sign in strip if sign not in "─ ")
    assert sum(len(run.ids) for run in runs) <= signs
    if "·" not in "".join(line[15:] for line in lines if line[15:] not in strips):
        assert sum(len(run.ids) for run in runs) == signs


@pytest.mark.parametrize("character", "\u3164\ufe0f\u034f\u2800\u200d\u00ad\u2066\U000e0041")
def test_what_cannot_be_seen_is_spelt(character: str) -> None:
    """Also where Python calls it printable."""
    escape = character.encode("unicode_escape").decode()

    output = shown(view_record("a", 1, Record(None, f"a{character}b"), TrainingFormat()))

    assert f"a{escape}b" in output


class Placeless(CharacterTokenizer):
    """A tokenizer that does not tell where its tokens stand."""

    def encode_with_spans(self, text: str) -> tuple[list[int], None]:  # type: ignore[override]
        return self.encode(text), None


def test_tokens_without_places_stand_apart_from_the_text() -> None:
    """Each as the vocabulary spells it, with its weight beneath."""
    view = view_record("a", 1, Record("a b", "c"), TrainingFormat(), Placeless(bos_id=None))

    lines = shown(view).split("\n")

    place = lines.index("tokens         a · b ↵ c </s>")
    assert lines[place + 1] == "               · · · · █ █───"
    assert "prompt         a b" in lines


def test_marks_are_not_piled_up() -> None:
    """A letter carries as many combining marks as writing has; more are spelt."""
    output = shown(view_record("a", 1, Record(None, "a" + "\u0301" * 9), TrainingFormat()))

    assert "a" + "\u0301" * 4 + r"\u0301" * 5 in output


@settings(deadline=None, max_examples=300)
@given(
    TEXTS,
    st.one_of(st.none(), TEXTS),
    TEXTS,
    TEXTS,
    st.integers(3, 40),
    st.integers(1, 90),
    st.sampled_from([None, *TOKENIZERS]),
    st.booleans(),
)
def test_no_text_acts_on_the_terminal(
    completion: str,
    prompt: str | None,
    separator: str,
    stop: str,
    chunk_size: int,
    width: int,
    tokenizer: str | None,
    color: bool,
) -> None:
    """Whatever is in a record, nothing but colours of ours, newlines and what can be seen."""
    view = view_record(
        f"{completion}.jsonl",
        1,
        Record(prompt, completion),
        TrainingFormat(PromptFormat(separator, stop), chunk_size, prompt_loss_weight=0.3),
        None if tokenizer is None else TOKENIZERS[tokenizer],  # type: ignore[arg-type]
    )

    output = shown(view, width, color=color)

    odd = {unicodedata.category(each) for each in plain(output) if each != "\n"}
    assert odd.isdisjoint({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
    if not color:
        assert "\x1b" not in output


@given(st.binary(max_size=60))
def test_a_rejected_line_is_safe(content: bytes) -> None:
    """Bytes of any kind are shown, none is sent."""
    output = shown(RejectedLine("a", 1, content))

    assert all(each == "\n" or each.isprintable() for each in output)


@pytest.mark.parametrize("width", [20, 40, 50, 79, 200])
@pytest.mark.parametrize("name", [name for name in VIEWS if name != "odd_characters"])
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    """But for the prompt to send, which is not broken so that it can be copied."""
    lines = shown(VIEWS[name], width).split("\n")

    wide = [line for line in lines if cell_len(line) > width and not line.startswith('"')]
    assert [line for line in wide if not line.startswith("stop at:")] == []


@pytest.mark.parametrize("name", VIEWS)
def test_ascii_is_enough(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the locale is C, every sign and every character of the data is spelt in ASCII."""
    monkeypatch.setenv("LC_ALL", "C")

    output = shown(VIEWS[name])

    assert output.isascii()
    assert "left out" in output or "…" not in output


@pytest.mark.parametrize(
    ("encoding", "variables", "expected"),
    [
        ("utf-8", {}, UNICODE_SIGNS),
        ("UTF8", {"LANG": "en_GB.UTF-8"}, UNICODE_SIGNS),
        ("utf-8", {"LC_ALL": "C", "LANG": "en_GB.UTF-8"}, ASCII_SIGNS),
        ("utf-8", {"LC_ALL": "C.UTF-8"}, UNICODE_SIGNS),
        ("utf-8", {"LC_ALL": "", "LANG": "POSIX"}, ASCII_SIGNS),
        ("latin-1", {}, ASCII_SIGNS),
        ("ascii", {"LANG": "en_GB.UTF-8"}, ASCII_SIGNS),
    ],
)
def test_signs_follow_encoding_and_locale(
    encoding: str, variables: dict[str, str], expected: Signs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unicode where the output can hold it and no locale says otherwise."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert expected is signs_for(encoding)


@pytest.mark.parametrize("tokenizer", [None, "characters"])
def test_a_long_text_is_left_out_in_its_middle(tokenizer: str | None) -> None:
    """Beginning and end are shown, and how much is missing between them."""
    text = "".join(f"word{number} " for number in range(20_000))
    chosen = None if tokenizer is None else CharacterTokenizer()
    view = view_record("a", 1, Record(text, "yes"), TrainingFormat(chunk_size=10**6), chosen)

    output = shown(view)

    assert "word0 word1 " in output
    assert "word19999" in output
    assert "word9999 " not in output
    tokens = "" if tokenizer is None else f", {len(text) - 1500:,} tokens"
    assert f"[… {len(text) - 1500:,} characters{tokens} left out …]" in output
    assert len(output) < 12_000


def test_both_ends_of_what_is_cut_are_shown() -> None:
    """Where a long prompt is cut, one sees where."""
    text = "".join(f"word{number} " for number in range(20_000))
    view = view_record(
        "a", 1, Record(text, "yes"), TrainingFormat(chunk_size=100_000), CharacterTokenizer()
    )

    output = plain(shown(view, color=True))

    assert view.tokenized is not None
    cut = view.tokenized.sequences[0].tokens_cut
    border = text[cut - 12 : cut + 12]
    assert border in re.sub(r"\n +[×─▁█·]*\n +", "", output).replace("·", " ")


if __name__ == "__main__":
    for _name, _view in VIEWS.items():
        for _color, _ending in SPELLINGS.items():
            (GOLDEN / f"{_name}.{_ending}").write_text(shown(_view, color=_color), "utf-8")

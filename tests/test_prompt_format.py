r"""The prompt format: records with and without marks of their own render alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_tools.prompt_format import PromptFormat
from dataset_tools.records import Record

AZURE = PromptFormat(separator="\n##\n", stop_sequence="\n###\n")
MARKS = st.sampled_from(["", "\n", " ->", "\n##\n", "###", "END"])
FORMATS = st.builds(PromptFormat, MARKS, MARKS)


def parts(record: Record, prompt_format: PromptFormat) -> list[tuple[str, str]]:
    return [(segment.role, segment.text) for segment in prompt_format.segments(record)]


@pytest.mark.parametrize("prompt", ["Why?", "Why?\n##\n"])
@pytest.mark.parametrize("completion", [" So.", " So.\n###\n"])
def test_marks_in_the_data_are_recognised(prompt: str, completion: str) -> None:
    """A mark that a record already carries at its place is not added a second time."""
    assert parts(Record(prompt, completion), AZURE) == [
        ("prompt", "Why?"),
        ("separator", "\n##\n"),
        ("completion", " So."),
        ("stop_sequence", "\n###\n"),
    ]


def test_defaults_are_a_newline_and_no_stop_sequence() -> None:
    """Without settings a newline stands between the two, as in Replicate's trainer."""
    assert parts(Record("a", "b"), PromptFormat()) == [
        ("prompt", "a"),
        ("separator", "\n"),
        ("completion", "b"),
    ]


def test_a_text_record_has_no_prompt_side() -> None:
    """All of a text is trained; only the stop sequence follows it."""
    segments = AZURE.segments(Record(None, "a\n##\nb"))

    assert [(part.role, part.text) for part in segments] == [
        ("text", "a\n##\nb"),
        ("stop_sequence", "\n###\n"),
    ]
    assert not any(part.is_prompt_side for part in segments)


@given(FORMATS, st.text(), st.text())
def test_segments_are_never_empty_and_lose_nothing(
    prompt_format: PromptFormat, prompt: str, completion: str
) -> None:
    """Put together, the segments are the bare texts with each mark once behind them."""
    bare_prompt = prompt.removesuffix(prompt_format.separator)
    bare_completion = completion.removesuffix(prompt_format.stop_sequence)

    segments = prompt_format.segments(Record(prompt, completion))

    assert all(segment.text for segment in segments)
    whole = "".join(segment.text for segment in segments)
    expected = bare_prompt + prompt_format.separator + bare_completion + prompt_format.stop_sequence
    assert expected == whole


@given(FORMATS, st.text(), st.text())
def test_inference_sends_the_prompt_side(
    prompt_format: PromptFormat, prompt: str, completion: str
) -> None:
    """The inference prompt is exactly what training puts before the completion."""
    segments = prompt_format.segments(Record(prompt, completion))

    trained_on = "".join(segment.text for segment in segments if segment.is_prompt_side)

    assert trained_on == prompt_format.inference_prompt(prompt)

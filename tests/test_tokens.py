r"""Tokens, labels and loss weights, with a tokenizer of one token a character."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from toy_tokenizers import EOS, CharacterTokenizer

from dataset_tools.prompt_format import PromptFormat
from dataset_tools.records import Record
from dataset_tools.tokens import (
    IGNORED_LABEL,
    ON_TOO_LONG_CHOICES,
    OnTooLong,
    RecordTooLongError,
    TrainingFormat,
    TrainingSequence,
    inference_ids,
    tokenize,
)

AZURE = PromptFormat(separator="\n##\n", stop_sequence="\n###\n")


TOKENIZERS = st.sampled_from([CharacterTokenizer(), CharacterTokenizer(bos_id=None)])
MARKS = st.sampled_from(["", "\n", " ->", "\n##\n"])
PROMPT_FORMATS = st.builds(PromptFormat, MARKS, MARKS)
TEXTS = st.text(st.characters(codec="ascii"), max_size=20)
WEIGHTS = st.sampled_from([0.0, 0.3, 1.0, 2.5])
RECORDS = st.builds(Record, TEXTS, TEXTS, WEIGHTS)


def bos_of(tokenizer: CharacterTokenizer) -> list[int]:
    return [] if tokenizer.bos_id is None else [tokenizer.bos_id]


def only(sequences: list[TrainingSequence]) -> TrainingSequence:
    (sequence,) = sequences
    return sequence


@pytest.mark.parametrize("tokenizer", [CharacterTokenizer(), CharacterTokenizer(bos_id=None)])
def test_segments_in_order(tokenizer: CharacterTokenizer) -> None:
    """BOS if the tokenizer adds one, prompt, separator, completion, stop sequence, EOS."""
    sequence = only(tokenize(Record("Hi", " Yo"), TrainingFormat(AZURE), tokenizer))

    written = [*tokenizer.encode("Hi\n##\n Yo\n###\n"), EOS]
    assert bos_of(tokenizer) + written == sequence.input_ids
    assert len(bos_of(tokenizer)) + len("Hi\n##\n") == sequence.completion_start


@given(TOKENIZERS, PROMPT_FORMATS, TEXTS, TEXTS, WEIGHTS)
def test_azure_style_and_bare_data_train_alike(
    tokenizer: CharacterTokenizer,
    prompt_format: PromptFormat,
    prompt: str,
    completion: str,
    weight: float,
) -> None:
    """A record that carries the marks and one that does not become the same numbers."""
    bare = Record(
        prompt_format.bare_prompt(prompt), prompt_format.bare_completion(completion), weight
    )
    assume(not bare.prompt.endswith(prompt_format.separator) or not prompt_format.separator)
    assume(
        not bare.completion.endswith(prompt_format.stop_sequence) or not prompt_format.stop_sequence
    )
    marked = Record(
        bare.prompt + prompt_format.separator,
        bare.completion + prompt_format.stop_sequence,
        weight,
    )
    training_format = TrainingFormat(prompt_format, prompt_loss_weight=0.3)

    assert tokenize(bare, training_format, tokenizer) == tokenize(
        marked, training_format, tokenizer
    )


@given(TOKENIZERS, PROMPT_FORMATS, RECORDS, st.sampled_from([0.0, 0.3, 1.0]))
def test_labels_and_weights(
    tokenizer: CharacterTokenizer, prompt_format: PromptFormat, record: Record, prompt_weight: float
) -> None:
    """Weights follow the side, labels the id, but for the first and for a masked prompt."""
    training_format = TrainingFormat(prompt_format, prompt_loss_weight=prompt_weight)

    sequence = only(tokenize(record, training_format, tokenizer))

    start, ids = sequence.completion_start, sequence.input_ids
    assert ids[:start] == inference_ids(record.prompt or "", prompt_format, tokenizer)
    assert [prompt_weight * record.weight] * start == sequence.loss_weights[:start]
    assert [record.weight] * (len(ids) - start) == sequence.loss_weights[start:]
    masked = start if prompt_weight == 0 else 0
    expected = [IGNORED_LABEL] * masked + ids[masked:]
    assert [IGNORED_LABEL, *expected[1:]] == sequence.labels


@given(TOKENIZERS, PROMPT_FORMATS, RECORDS)
def test_the_last_token_is_a_labelled_eos(
    tokenizer: CharacterTokenizer, prompt_format: PromptFormat, record: Record
) -> None:
    """Every record teaches to stop, unless EOS is all it has."""
    sequence = only(tokenize(record, TrainingFormat(prompt_format), tokenizer))

    assert sequence.input_ids[-1] == EOS
    assert record.weight == sequence.loss_weights[-1]
    assert sequence.labels[-1] == (EOS if len(sequence.labels) > 1 else IGNORED_LABEL)


@given(TOKENIZERS, PROMPT_FORMATS, RECORDS, st.integers(4, 40))
def test_only_the_prompt_is_cut_and_on_its_left(
    tokenizer: CharacterTokenizer, prompt_format: PromptFormat, record: Record, chunk_size: int
) -> None:
    """BOS stays in front, the prompt's end and the whole completion behind it."""
    whole = only(tokenize(record, TrainingFormat(prompt_format), tokenizer))
    completion_ids = whole.input_ids[whole.completion_start :]

    sequences = tokenize(record, TrainingFormat(prompt_format, chunk_size), tokenizer)

    if len(completion_ids) > chunk_size:
        assert sequences == []
        return
    cut = only(sequences)
    assert min(len(whole.input_ids), chunk_size) == len(cut.input_ids)
    assert completion_ids == cut.input_ids[cut.completion_start :]
    assert len(whole.input_ids) - len(cut.input_ids) == cut.tokens_cut
    prompt_ids = cut.input_ids[: cut.completion_start]
    if prompt_ids:
        bos = bos_of(tokenizer)
        assert bos == prompt_ids[: len(bos)]
        kept = prompt_ids[len(bos) :]
        assert kept == whole.input_ids[whole.completion_start - len(kept) : whole.completion_start]


def test_a_completion_that_does_not_fit_is_dropped() -> None:
    """A completion is never cut: one token too many, EOS counted, and the record is dropped."""
    training_format = TrainingFormat(chunk_size=8)

    assert tokenize(Record("prompt", "1234567"), training_format, CharacterTokenizer())
    assert tokenize(Record("prompt", "12345678"), training_format, CharacterTokenizer()) == []


@given(TOKENIZERS, MARKS, TEXTS, st.integers(3, 12), WEIGHTS)
def test_a_long_text_is_split_into_consecutive_chunks(
    tokenizer: CharacterTokenizer, stop: str, text: str, chunk_size: int, weight: float
) -> None:
    """Every token stands in exactly one piece; none is too long, and none a lone token."""
    prompt_format = PromptFormat("\n##\n", stop)
    stopped = text.removesuffix(stop) + stop
    ids = [*bos_of(tokenizer), *tokenizer.encode(stopped), EOS]

    pieces = tokenize(
        Record(None, text, weight), TrainingFormat(prompt_format, chunk_size), tokenizer
    )

    assert ids == [token for piece in pieces for token in piece.input_ids]
    assert all(len(piece.input_ids) <= chunk_size for piece in pieces)
    assert len(ids) == 1 or all(len(piece.input_ids) > 1 for piece in pieces)
    for piece in pieces:
        assert [IGNORED_LABEL, *piece.input_ids[1:]] == piece.labels
        assert [weight] * len(piece.input_ids) == piece.loss_weights


@pytest.mark.parametrize(
    "record", [Record("a" * 9, "b"), Record(None, "a" * 11), Record("", "b" * 11)]
)
def test_on_too_long(record: Record) -> None:
    """A record beyond chunk_size is dropped or refused on request; one that fits never is."""
    tokenizer = CharacterTokenizer(bos_id=None)

    assert tokenize(record, TrainingFormat(chunk_size=11, on_too_long="drop"), tokenizer) == []
    with pytest.raises(RecordTooLongError, match=r"the record has 1[23] tokens, chunk_size allows"):
        tokenize(record, TrainingFormat(chunk_size=11, on_too_long="error"), tokenizer)
    for choice in ("drop", "error"):
        fits = TrainingFormat(chunk_size=13, on_too_long=choice)
        assert len(tokenize(record, fits, tokenizer)) == 1


@given(TOKENIZERS, RECORDS, st.sampled_from(ON_TOO_LONG_CHOICES))
def test_a_wrapped_stream_takes_every_record_whole(
    tokenizer: CharacterTokenizer, record: Record, on_too_long: OnTooLong
) -> None:
    """With wrapping no record is cut, dropped or refused, since it runs on into the next chunk."""
    wrapped = TrainingFormat(chunk_size=4, on_too_long=on_too_long, packing="wrapped")

    assert tokenize(record, TrainingFormat(), tokenizer) == tokenize(record, wrapped, tokenizer)

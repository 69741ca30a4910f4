"""The survey: a first look at a file that tells its format and its marks.

Files up to 4 MB are read whole, of larger ones 64 evenly spread blocks of 32 KB, or of 32 lines
where those are shorter, so that a file sorted by origin is judged by all of it. Blocks that would
begin inside a long line follow it instead. They depend on nothing but the file.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from typing import BinaryIO

import msgspec
from msgspec import Struct

from dataset_tools.json_scanner import scan_line
from dataset_tools.lines import LineBatch, skip_byte_order_mark
from dataset_tools.lint.settings import GivenMark, LintSettings
from dataset_tools.marks import Mark, given_mark, infer_mark
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import REQUIRED_KEYS, Record, RecordFormat, format_of_keys
from dataset_tools.rules import FileContext
from dataset_tools.rules.dt408_in_validation_data import InValidationData
from dataset_tools.rules.rule import RuleInputs

READ_WHOLE_BYTES = 4 * 1024 * 1024
BLOCK_COUNT = 64
BLOCK_BYTES = READ_WHOLE_BYTES // BLOCK_COUNT // 2
BLOCK_LINES = 32


class Survey(Struct, frozen=True):
    """What the sampled rows tell; `tells_format` is False where none tells a format."""

    context: FileContext
    sample: RecordBatch  # its line numbers mean nothing
    tells_format: bool = True


def survey(stream: BinaryIO, size: int, settings: LintSettings) -> Survey:
    """The file's format and marks, and a sample of its records."""
    inputs = _inputs(settings)
    rows = list(_sample_rows(stream, size, _row))
    formats = _formats(rows)
    if not formats:  # no line is sound; one that is odd may tell all the same
        rows = list(_sample_rows(stream, size, _odd_row))
        formats = _formats(rows)
    if not formats:
        return Survey(FileContext("prompt-completion", inputs=inputs), _sample([], "text"), False)
    record_format = formats.most_common(1)[0][0]
    prompts = _strings(rows, "prompt") if record_format == "prompt-completion" else []
    completions = _strings(rows, REQUIRED_KEYS[record_format][-1])
    separator = _mark(settings.separator, prompts, completions, prompts) if prompts else None
    if separator is not None:  # at the prompts' ends it is not inside them
        bare_prompts = [prompt.removesuffix(separator.text) for prompt in prompts]
    else:
        bare_prompts = prompts
    context = FileContext(
        record_format,
        separator,
        _mark(settings.stop_sequence, completions, bare_prompts, prompts),
        inputs,
    )
    return Survey(context, _sample(rows, record_format))


def _inputs(settings: LintSettings) -> RuleInputs:
    # here, because reading validation data begins with a survey of it
    from dataset_tools.lint.validation import validation_of

    compares = InValidationData in settings.rules
    return RuleInputs(
        options=settings.options,
        schema=settings.schema,
        inference_prompt=settings.inference_prompt,
        tokenizer=settings.tokenizer,
        training_format=settings.training_format,
        validation=validation_of(settings) if compares else None,
    )


def _sample(rows: list[dict[str, object]], record_format: RecordFormat) -> RecordBatch:
    sample = RecordBatch(LineBatch(0, b""))
    *prompt_key, target_key = REQUIRED_KEYS[record_format]
    for row in rows:
        completion = row.get(target_key)
        prompt = row.get(prompt_key[0]) if prompt_key else None
        if isinstance(completion, str) and (isinstance(prompt, str) or not prompt_key):
            sample.add(0, Record(prompt if isinstance(prompt, str) else None, completion))
    return sample


def _formats(rows: list[dict[str, object]]) -> Counter[RecordFormat]:
    """How many rows are of each format; DT108 tells of keys in another case."""
    keys = ({key.lower() for key in row} for row in rows)
    return Counter(found for each in keys if (found := format_of_keys(each)))


def _mark(
    given: GivenMark | None, texts: list[str], others: list[str], prompts: list[str]
) -> Mark | None:
    if given is None:
        return infer_mark(texts, others)
    return given_mark(given.text, given.origin, texts, prompts) if given.text else None


def _strings(rows: list[dict[str, object]], key: str) -> list[str]:
    return [value for row in rows if isinstance(value := row.get(key), str)]


def _sample_rows(
    stream: BinaryIO, size: int, read: Callable[[bytes], object]
) -> Iterator[dict[str, object]]:
    for line in _sample_lines(stream, size):
        if line.isspace():  # a file may hold millions of blank lines
            continue
        row = read(line)
        if isinstance(row, dict):
            yield row


def _row(line: bytes) -> object:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _odd_row(line: bytes) -> object:
    scan = scan_line(line.decode(errors="replace"))
    if scan.syntax_error is not None or scan.unreadable is not None:
        return None
    return {member.key: member.value for member in scan.members}


def _sample_lines(stream: BinaryIO, size: int) -> Iterator[bytes]:
    skip_byte_order_mark(stream)
    if size <= READ_WHOLE_BYTES:
        yield from stream
        return
    yield from _block_lines(stream)
    for block in range(1, BLOCK_COUNT):
        start = size // BLOCK_COUNT * block
        if start >= stream.tell():  # else a long line was read beyond it
            stream.seek(start)
            stream.readline()  # the rest of a line that began before the block
        yield from _block_lines(stream)


def _block_lines(stream: BinaryIO) -> Iterator[bytes]:
    read = 0
    for line in islice(stream, BLOCK_LINES):
        yield line
        read += len(line)
        if read >= BLOCK_BYTES:
            return

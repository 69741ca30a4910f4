"""Views of records as the tests of the preview's page need them."""

from dataset_tools.findings import Finding, Severity
from dataset_tools.preview import RecordView, RejectedLine, view_record
from dataset_tools.preview.view import SpellingTokenizer
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.records import Record
from dataset_tools.tokens import TrainingFormat

HOSTILE = (
    "<script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
    "</script></style>--> {{7*7}} \x1b[31mred \x00nul \u202eevil\u202c \u200bzero & &amp; 'x' \"y\""
)


def finding(line: int, code: str = "DT203", message: str = "found this") -> Finding:
    return Finding("data.jsonl", line, 1, code, Severity.WARNING, message)


def view_of(
    prompt: str | None = "Why?",
    completion: str = " So.",
    *,
    line: int = 1,
    weight: float = 1.0,
    tokenizer: SpellingTokenizer | None = None,
    findings: tuple[Finding, ...] = (),
    path: str = "data.jsonl",
    **training: object,
) -> RecordView:
    r"""A record under the separator "\n##\n" and the stop sequence " END"."""
    training_format = TrainingFormat(PromptFormat("\n##\n", " END"), **training)  # type: ignore[arg-type]
    record = Record(prompt=prompt, completion=completion, weight=weight)
    return view_record(path, line, record, training_format, tokenizer, findings)


def rejected(content: bytes, line: int = 1) -> RejectedLine:
    return RejectedLine("data.jsonl", line, content, (finding(line, "DT005", "malformed"),))

"""The columns of a batch under the keys they have in the file, for rules that treat them alike."""

from dataset_tools.parsing import RecordBatch
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.records import RecordFormat


def text_columns(batch: RecordBatch, record_format: RecordFormat) -> dict[str, list[str]]:
    """Key to column: prompt and completion, or text."""
    if record_format == "text":
        return {"text": batch.completions}
    return {"prompt": batch.prompts, "completion": batch.completions}


def bare_text(text: str, key: str, prompt_format: PromptFormat) -> str:
    """The text without the mark that belongs at the end of this key's texts."""
    if key == "prompt":
        return prompt_format.bare_prompt(text)
    return prompt_format.bare_completion(text)

"""The separator stands inside a prompt or a completion."""

from collections.abc import Collection, Iterable

from dataset_tools.quotes import quotable
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.mark_places import own_mark_inside, stands_only_at_ends
from dataset_tools.rules.rule import Problem, Rule, indices_where


class SeparatorInside(Rule):
    r"""## What it does

    Reports a separator anywhere but at the end of the prompt. White space alone, such as the
    default `\n`, stands in every longer text and is no mark to look for; nor is, inside prompts,
    one from a recipe that most prompts are built with, such as the examples of a few-shot prompt,
    or a chat template's sign for the assistant to speak, such as `[/INST]` and `<|assistant|>`.

    ## Why it hurts

    The model learns that text goes on after the separator, or that it writes one itself.

    ## Example

    With the separator `\n##\n`:

    ```json
    {"prompt": "First\n##\nSecond\n##\n", "completion": " Both"}
    ```

    ## Use instead

    Choose a separator that the texts do not contain, or take it out of the text.

    ## Options

    `--separator`, or `separator` in a recipe.

    ## Source

    OpenAI's fine-tuning guide: the separator should not appear elsewhere in any prompt.
    """

    code = "DT302"
    name = "separator inside the prompt or in the completion"

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        mark = self.context.separator
        if mark is None or mark.text.isspace():
            return ()
        if not batch.prompts or stands_only_at_ends(batch, self.context, mark.text):
            return ()
        separator = mark.text
        return indices_where(
            separator in completion or prompt.find(separator, 0, -1) != -1
            for prompt, completion in zip(batch.prompts, batch.completions, strict=True)
        )

    def check_record(self, record: Record) -> Iterable[Problem]:
        mark = self.context.separator
        if mark is None or record.prompt is None or mark.text.isspace():
            return
        if self.context.marks_overlap:  # DT305 has the cause
            return
        in_prompt = (
            -1 if mark.is_structure else own_mark_inside(self.context, "prompt", record.prompt)
        )
        in_completion = record.completion.find(mark.text)
        for key, offset in (("prompt", in_prompt), ("completion", in_completion)):
            if offset != -1:
                yield Problem(
                    f"the separator {quotable(mark.text)!r} stands inside the {key}",
                    key=key,
                    offset=offset,
                )

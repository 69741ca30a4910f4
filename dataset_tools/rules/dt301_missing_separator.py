"""A prompt lacks the separator."""

from collections.abc import Collection, Iterable

from dataset_tools.quotes import quotable
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.edits import FixStage
from dataset_tools.rules.mark_endings import ending_with
from dataset_tools.rules.mark_names import origin_of
from dataset_tools.rules.rule import END_OF_VALUE, Problem, Rule
from dataset_tools.rules.text_edges import edges_of


class MissingSeparator(Rule):
    r"""## What it does

    Reports a prompt that does not end with the separator, where the file is to have one: it was
    given with `--separator`, or most prompts of the file end with it. A separator from a recipe
    is added in training where the data lacks it, so a file without any is sound; one in which
    most rows carry it and some don't is not.

    ## Why it hurts

    The separator tells the model where the prompt ends and its answer begins. A row without it
    teaches to answer in the middle of a prompt.

    ## Example

    With most prompts ending in `\n##\n`:

    ```json
    {"prompt": "Summarise: the cat sat on the mat.", "completion": " A cat sat."}
    ```

    ## Use instead

    ```json
    {"prompt": "Summarise: the cat sat on the mat.\n##\n", "completion": " A cat sat."}
    ```

    ## Fix

    `dataset-tools fix` adds the separator to the end of the prompt. Where it stands there already
    and only the white space behind it differs, as in `text\n##` or `text\n##\n ` for `\n##\n`,
    that is put right. A prompt that ends with a part of the separator's signs (`text\n#`), or with
    all of them behind other white space (`text##`) or before punctuation (`text\n##.`), is left
    for you to judge: to add the separator would double what is there.

    ## Options

    `--separator`, or `separator` in a recipe.

    ## Source

    Azure OpenAI's and OpenAI's fine-tuning guides: each prompt ends with a fixed separator.
    """

    code = "DT301"
    name = "prompt lacks the separator"
    fix_stage = FixStage.MARKS
    suspects_are_problems = True

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        mark = self.context.separator
        if mark is None or not mark.is_required:
            return ()
        return edges_of(batch).without("prompt", mark.text)

    def check_record(self, record: Record) -> Iterable[Problem]:
        mark = self.context.separator
        if mark is None or not mark.is_required:
            return
        if record.prompt is None or record.prompt.endswith(mark.text):
            return
        yield Problem(
            f"the prompt does not end with the separator {quotable(mark.text)!r} "
            f"({origin_of(mark)})",
            key="prompt",
            offset=END_OF_VALUE,
            edit=ending_with(mark.text, "prompt", record.prompt),
        )

"""A completion lacks the stop sequence."""

from collections.abc import Collection, Iterable

from dataset_tools.quotes import quotable
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.edits import FixStage
from dataset_tools.rules.mark_endings import ending_with
from dataset_tools.rules.mark_names import origin_of
from dataset_tools.rules.rule import END_OF_VALUE, Problem, Rule
from dataset_tools.rules.text_edges import edges_of


class MissingStopSequence(Rule):
    r"""## What it does

    Reports a completion or a text that does not end with the stop sequence, where the file is to
    have one: it was given with `--stop-sequence`, or most rows of the file end with it. One from
    a recipe is added in training where the data lacks it, so a file without any is sound; one in
    which most rows carry it and some don't is not.

    ## Why it hurts

    The stop sequence is what ends generation. A row without it teaches the model to go on.

    ## Example

    With most completions ending in `\nEND`:

    ```json
    {"prompt": "2 + 2 =", "completion": " 4"}
    ```

    ## Use instead

    ```json
    {"prompt": "2 + 2 =", "completion": " 4\nEND"}
    ```

    ## Fix

    `dataset-tools fix` adds the stop sequence to the end of the completion or text. Where it
    stands there already and only the white space behind it differs, as in `text\nEND ` for `\nEND`,
    that is put right. A text that ends with a part of the stop sequence's signs (`text<|im` for
    `<|im_end|>`), or with all of them behind other white space (`text END`, `3END`) or before
    punctuation (`text\nEND.`), is left for you to judge: to add the stop sequence would double
    what is there. A longer word (`WEEKEND`) is text.

    ## Options

    `--stop-sequence`, or `stop_sequence` in a recipe.

    ## Source

    Azure OpenAI's and OpenAI's fine-tuning guides: each completion ends with a fixed stop sequence.
    """

    code = "DT303"
    name = "completion lacks the stop sequence"
    fix_stage = FixStage.MARKS

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        mark = self.context.stop_sequence
        if mark is None or not mark.is_required:
            return ()
        return edges_of(batch).without("completion", mark.text)

    def check_record(self, record: Record) -> Iterable[Problem]:
        mark = self.context.stop_sequence
        if mark is None or not mark.is_required:
            return
        if record.completion.endswith(mark.text):
            return
        if not record.completion.strip():
            return  # DT201: nothing there that could be closed
        yield Problem(
            f"the {record.target_key} does not end with the stop sequence {quotable(mark.text)!r} "
            f"({origin_of(mark)})",
            key=record.target_key,
            offset=END_OF_VALUE,
            edit=ending_with(mark.text, record.target_key, record.completion),
        )

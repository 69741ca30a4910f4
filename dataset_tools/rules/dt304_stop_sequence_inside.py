"""The stop sequence stands inside a completion or in a prompt."""

from collections.abc import Collection, Iterable

from dataset_tools.quotes import quotable
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.mark_places import own_mark_inside, stands_only_at_ends
from dataset_tools.rules.rule import Problem, Rule, indices_where


class StopSequenceInside(Rule):
    r"""## What it does

    Reports a stop sequence anywhere but at the end of the completion or text. One of white space
    alone is looked for in completions only, since prompts are full of white space; so is one from
    a recipe that most prompts are built with, such as the end of a chat's turn.

    ## Why it hurts

    Generation ends at the first stop sequence, so the model's answer would be cut there. In a
    prompt it teaches that text goes on after the stop.

    ## Example

    With the stop sequence `END`:

    ```json
    {"prompt": "Write a poem", "completion": " The END of summer END"}
    ```

    ## Use instead

    Choose a stop sequence that the texts do not contain, such as `\n###\n`.

    ## Options

    `--stop-sequence`, or `stop_sequence` in a recipe.

    ## Source

    OpenAI's fine-tuning guide: the stop sequence should not appear in any completion.
    """

    code = "DT304"
    name = "stop sequence inside the completion or in the prompt"

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        mark = self.context.stop_sequence
        if mark is None:
            return ()
        stop = mark.text
        if stands_only_at_ends(batch, self.context, stop):
            return ()
        inside = set(indices_where(text.find(stop, 0, -1) != -1 for text in batch.completions))
        inside.update(indices_where(stop in prompt for prompt in batch.prompts))
        return sorted(inside)

    def check_record(self, record: Record) -> Iterable[Problem]:
        mark = self.context.stop_sequence
        if mark is None or self.context.marks_overlap:  # DT305 has the cause
            return
        places = []
        if record.prompt is not None and not mark.text.isspace() and not mark.is_structure:
            places.append(("prompt", record.prompt.find(mark.text)))
        if record.prompt is not None or not mark.is_structure:
            offset = own_mark_inside(self.context, "completion", record.completion)
            places.append((record.target_key, offset))
        for key, offset in places:
            if offset != -1:
                yield Problem(
                    f"the stop sequence {quotable(mark.text)!r} stands inside the {key}",
                    key=key,
                    offset=offset,
                )

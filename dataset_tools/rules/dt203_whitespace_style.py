"""White space at a text's start or end differs from most of the file."""

from collections.abc import Collection, Iterable

from dataset_tools.findings import Severity
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.mark_names import percentage
from dataset_tools.rules.rule import END_OF_VALUE, FileContext, Problem, Rule
from dataset_tools.rules.text_edges import (
    Column,
    Habit,
    bare,
    columns_of,
    edges_of,
    habit_of,
    lacks_its_mark,
    leading_space,
    mark_of,
    thinned,
    trailing_space,
)


class WhitespaceStyle(Rule):
    r"""## What it does

    Reports a prompt, completion or text that starts or ends with other white space than most of
    the file (three quarters of the rows or more). Where more than three rows and more than a
    tenth of those looked at differ, they do so by nature, such as code cut anywhere, and nothing
    is reported. Separator and stop sequence are taken off first. Indentation (a tab, or four
    spaces or more) belongs to the text, and blank texts have rules of their own.

    ## Why it hurts

    Tokenizers join a space with the word that follows it, so ` yes` and `yes` are different
    tokens. Where rows disagree, the model learns both, and which one it writes after your prompt
    is left to chance.

    ## Example

    Where other completions start with a space:

    ```json
    {"prompt": "Is water wet? ->", "completion": "yes"}
    ```

    ## Use instead

    ```json
    {"prompt": "Is water wet? ->", "completion": " yes"}
    ```

    ## Source

    OpenAI's fine-tuning guide for prompt/completion models: each completion starts with white
    space, because of how the tokenizer splits words.
    """

    code = "DT203"
    name = "white space at the start or end differs from most rows"
    severity = Severity.WARNING

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.leading: dict[Column, Habit] = {}
        self.trailing: dict[Column, Habit] = {}

    def learn(self, sample: RecordBatch) -> None:
        looked_at = thinned(sample)
        for column in columns_of(looked_at):
            bare_texts = [
                body
                for text in edges_of(looked_at).texts(column)
                if not lacks_its_mark(self.context, column, text)
                and (body := bare(self.context, column, text)).strip()
            ]
            if habit := habit_of(map(leading_space, bare_texts)):
                self.leading[column] = habit
            if habit := habit_of(map(trailing_space, bare_texts)):
                self.trailing[column] = habit

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        edges = edges_of(batch)
        found: set[int] = set()
        for column in columns_of(batch):
            texts = edges.texts(column)
            mark = mark_of(self.context, column)
            leading, trailing = self.leading.get(column), self.trailing.get(column)
            if leading:
                found.update(
                    index
                    for index in edges.may_start_otherwise(column, leading.space)
                    if leading_space(texts[index]) != leading.space
                )
            if trailing:
                end = mark.text if mark else ""
                found.update(
                    index
                    for index in edges.may_end_otherwise(column, trailing.space, end)
                    if trailing_space(bare(self.context, column, texts[index])) != trailing.space
                )
        return sorted(found)

    def check_record(self, record: Record) -> Iterable[Problem]:
        if record.prompt is not None:
            yield from self._problems("prompt", "prompt", record.prompt)
        yield from self._problems("completion", record.target_key, record.completion)

    def _problems(self, column: Column, key: str, text: str) -> Iterable[Problem]:
        body = bare(self.context, column, text)
        if not body.strip():
            return  # DT201 and DT202
        leading, trailing = self.leading.get(column), self.trailing.get(column)
        marks = [mark.text for mark in (self.context.separator, self.context.stop_sequence) if mark]
        if body.startswith(tuple(marks)) or body.endswith(tuple(marks)):
            return  # DT302 and DT304: the white space is the stray mark's
        if leading and (found := leading_space(body)) != leading.space:
            yield Problem(_message(key, "starts", found, leading), key=key, offset=0)
        if lacks_its_mark(self.context, column, text):
            return
        if trailing and (found := trailing_space(body)) != trailing.space:
            offset = len(body) - len(found)
            yield Problem(
                _message(key, "ends", found, trailing),
                key=key,
                offset=offset if offset < len(text) else END_OF_VALUE,
            )


def _message(key: str, verb: str, found: str, habit: Habit) -> str:
    return (
        f"the {key} {verb} with {_spelt(found)}, expected {_spelt(habit.space)} "
        f"as in {percentage(habit.share)} of the rows looked at"
    )


def _spelt(space: str) -> str:
    if not space:
        return "no white space"
    return repr(space) if len(space) <= 20 else f"{len(space)} characters of white space"

"""All prompts, or all completions, of a file are identical."""

from collections.abc import Iterable
from typing import Self

from dataset_tools.quotes import quotable
from dataset_tools.record_batch import RecordBatch
from dataset_tools.rules.rule import FileContext, Problem, RecordLookup, Rule
from dataset_tools.rules.text_edges import Column, bare, columns_of, edges_of, key_of


class IdenticalTexts(Rule):
    """## What it does

    Reports a file of two records or more in which all prompts, or all completions, or all texts
    are the same, marks and white space around them aside. Prompts that are all blank are
    open-ended generation and sound; blank completions belong to DT201.

    ## Why it hurts

    From prompts that are all alike the model cannot learn what the answer depends on, and from
    completions that are all alike it learns to say one thing whatever it reads. Mostly a column
    was mixed up when the file was written.

    ## Example

    ```json
    {"prompt": "Summarise this.", "completion": "The tide comes in at six."}
    {"prompt": "Summarise this.", "completion": "The ferry is late."}
    ```

    ## Use instead

    Put into the prompt what the completion depends on. For open-ended generation leave the
    prompts empty.

    ## Source

    OpenAI's data preparation tool (`openai tools fine_tunes.prepare_data`, openai 0.28) refuses
    files whose prompts or completions are all identical, and advises blank prompts instead.
    """

    code = "DT406"
    name = "all prompts, or all completions, identical"

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.count = 0
        self.only: dict[Column, str | None] = {}  # the one text of a column; None where they differ

    def observe(self, batch: RecordBatch) -> None:
        self.count += len(batch)
        if not len(batch):
            return
        for column in columns_of(batch):
            all_texts = edges_of(batch).texts(column)
            # two of them mostly tell already
            for texts in ({all_texts[0], all_texts[-1]}, all_texts):
                if self.only.get(column, "") is not None:
                    for text in set(texts):
                        self._add(column, bare(self.context, column, text).strip())

    def merge(self, later: Self, lines_before: int) -> None:
        self.count += later.count
        for column, text in later.only.items():
            self._add(column, text)

    def _add(self, column: Column, text: str | None) -> None:
        if self.only.setdefault(column, text) != text:
            self.only[column] = None

    def conclude(self, records: RecordLookup) -> Iterable[Problem]:
        same = {key_of(self.context, column): text for column, text in self.only.items() if text}
        if self.count > 1 and same:
            sides = " and ".join(f"all {self.count} {key}s are {quotable(text)!r}"
                                 for key, text in same.items())  # fmt: skip
            yield Problem(f"{sides}, expected them to differ", line=1)

"""A training record is also in the validation data."""

from collections.abc import Collection, Iterator

from dataset_tools.printable import elided
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.rule import Problem, Rule


class InValidationData(Rule):
    """## What it does

    With `--validation-data`, or a recipe that names some, reports a training record that is also
    in there: word for word, or up to white space. Separators, stop sequences and weights don't
    count. Names the file and the line of the validation record.

    ## Why it hurts

    The validation loss then measures what the model has memorised, falls when the model only
    overfits, and picks the wrong checkpoint.

    ## Example

    The same line in `train.jsonl` and in `validation.jsonl`.

    ## Use instead

    Take the record out of the training data, and its near-duplicates (DT403) as well. Split after
    removing duplicates, not before, or with `dataset-tools split`, which keeps them together.

    ## Options

    `--validation-data PATH`, or `validation_data` in a recipe.

    ## Source

    Lee et al., Deduplicating Training Data Makes Language Models Better, arXiv 2107.06499, where
    over 4 % of the validation sets of common data sets stood in the training sets.
    """

    code = "DT408"
    name = "record also in the validation data"

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        validation = self.context.inputs.validation
        if validation is None or not len(batch):
            return ()
        texts = map(self._bare_texts, (batch.record(index) for index in range(len(batch))))
        return list(validation.find(texts))

    def check_record(self, record: Record) -> Iterator[Problem]:
        validation = self.context.inputs.validation
        if validation is None:
            return
        for place in validation.find([self._bare_texts(record)]).values():
            manner = "" if place.is_exact else ", up to white space"
            yield Problem(
                "the record is also in the validation data"
                f"{manner}: '{elided(place.name)}' line {place.line}"
            )

    def _bare_texts(self, record: Record) -> tuple[str, str]:
        prompt_format = self.context.prompt_format
        return (
            prompt_format.bare_prompt(record.prompt or ""),
            prompt_format.bare_completion(record.completion),
        )

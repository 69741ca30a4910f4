"""The tokenizer has no token for something in the text."""

import re
from collections.abc import Collection, Iterable
from itertools import chain

from dataset_tools.findings import Severity
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.rule import Problem, RecordLookup, Rule, indices_where
from dataset_tools.rules.token_counts import (
    CountingTokenizer,
    count_batch,
    trained_prompt_format,
)

LONGEST_SHOWN = 40  # characters of what is unknown


class UnknownTokens(Rule):
    """## What it does

    Reports a text of which the tokenizer can make nothing but its unknown token, and names the
    first character, or word, that is unknown. Tokenizers that fall back to bytes know everything.

    ## Why it hurts

    All unknown characters become one and the same token: the model can neither read nor write
    them, and is trained to answer with the unknown token.

    ## Example

    ```json
    {"prompt": "Weather in Kiruna:", "completion": " ☃"}
    ```

    ## Use instead

    Write it in characters that the model knows, or choose a model whose tokenizer knows the
    language.

    ## Options

    `--tokenizer`, without which nothing is looked at.

    ## Source

    Kudo and Richardson, SentencePiece, arXiv 1808.06226: what the vocabulary does not cover maps
    to the unknown symbol.
    """

    code = "DT504"
    name = "unknown tokens"
    severity = Severity.WARNING

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        if self._tokenizer is None or self._tokenizer.unknown_id is None:
            return ()
        return indices_where(count_batch(batch, self.context).has_unknown)

    def check_record(self, record: Record) -> Iterable[Problem]:
        prompt_format = trained_prompt_format(self.context)
        bare = prompt_format.bare_completion(record.completion)
        sides = [(record.target_key, bare, bare + prompt_format.stop_sequence)]
        if record.prompt is not None:
            bare = prompt_format.bare_prompt(record.prompt)
            sides.insert(0, ("prompt", bare, bare + prompt_format.separator))
        for key, text, trained in sides:
            unknown = self._first_unknown(text) if self._has_unknown(trained) else None
            if unknown is not None:
                yield Problem(
                    f"{_shown(unknown)} in the {key} is unknown to the tokenizer",
                    key=key,
                    offset=text.index(unknown),
                )

    def conclude(self, records: RecordLookup) -> Iterable[Problem]:
        prompt_format = trained_prompt_format(self.context)
        marks = [("stop sequence", prompt_format.stop_sequence)]
        if self.context.record_format != "text":
            marks.insert(0, ("separator", prompt_format.separator))
        for name, text in marks:
            unknown = self._first_unknown(text)
            if unknown is not None:
                message = f"{_shown(unknown)} in the {name} is unknown to the tokenizer"
                yield Problem(message, line=1)

    @property
    def _tokenizer(self) -> CountingTokenizer | None:
        tokenizer: CountingTokenizer | None = self.context.inputs.tokenizer
        return tokenizer

    def _has_unknown(self, text: str) -> bool:
        tokenizer = self._tokenizer
        if tokenizer is None or tokenizer.unknown_id is None:
            return False
        (ids,) = tokenizer.encode_batch([text])
        return tokenizer.unknown_id in ids

    def _first_unknown(self, text: str) -> str | None:
        """The first character unknown by itself, else the first such word, else the text."""
        if not self._has_unknown(text):
            return None
        words = (match[0] for match in re.finditer(r"\S+", text))
        return next(filter(self._has_unknown, chain(dict.fromkeys(text), words)), text)


def _shown(unknown: str) -> str:
    if len(unknown) == 1:
        return f"{unknown!r} (U+{ord(unknown):04X})"
    return repr(unknown if len(unknown) <= LONGEST_SHOWN else unknown[:LONGEST_SHOWN] + "…")

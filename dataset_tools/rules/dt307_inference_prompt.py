"""The inference prompt does not end as the training prompts do."""

from collections import Counter
from collections.abc import Iterable, Sequence

from dataset_tools.marks import FEWEST_CARRIERS, MAJORITY
from dataset_tools.quotes import quotable, without_secrets
from dataset_tools.record_batch import RecordBatch
from dataset_tools.rules.mark_names import origin_of
from dataset_tools.rules.rule import FileContext, Problem, RecordLookup, Rule

FEW = 0.05  # share of prompts; what more of them do is a habit of the file as well
_LONGEST_ENDING = 40  # characters at the end of a prompt that are compared
_CHARACTERS_SHOWN = 20


class InferencePrompt(Rule):
    r"""## What it does

    Compares the end of the `--inference-prompt` with that of the training prompts. It must end
    with the separator, also where that is one from a recipe that training adds. Where there is
    none, it must end with the characters that the large majority of the prompts ends with, such
    as `?` or `\n\nSummary:`, or as more than a few of the others do, and must not end with white
    space where most of them do not.

    ## Why it hurts

    The model has learnt to answer after one ending. After another it goes on with the prompt, or
    answers as the untuned model would; one stray space is enough, for it changes the tokens.

    ## Example

    Training prompts that end with `\n##\n`, and

    ```sh
    dataset-tools lint data.jsonl --inference-prompt 'Summarise: the tide comes in at six.'
    ```

    ## Use instead

    ```sh
    dataset-tools lint data.jsonl --inference-prompt 'Summarise: the tide comes in at six.\n##\n'
    ```

    ## Options

    `--inference-prompt TEXT`; `--separator`, or `separator` in a recipe.

    ## Source

    Azure OpenAI's guide to preparing a dataset: format prompts at inference in the same way as in
    the training data, including the same separator.
    """

    code = "DT307"
    name = "inference prompt does not end as training prompts do"

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.problem: str | None = None

    def learn(self, sample: RecordBatch) -> None:
        prompt = self.context.inputs.inference_prompt
        if prompt is None or self.context.record_format == "text":
            return
        end = without_secrets(prompt)[-_CHARACTERS_SHOWN:]
        found = (
            f"the inference prompt ends with {end!r}" if end else "the inference prompt is empty"
        )
        expected = self._expected(prompt, sample.prompts)
        self.problem = None if expected is None else f"{found}, expected {expected}"

    def conclude(self, records: RecordLookup) -> Iterable[Problem]:
        if self.problem is not None:
            yield Problem(self.problem, line=1)

    def _expected(self, prompt: str, training: Sequence[str]) -> str | None:
        """What the inference prompt should end with and does not, or None where it is right."""
        mark = self.context.separator
        if mark is not None:
            if prompt.endswith(mark.text):
                return None
            return f"the separator {quotable(mark.text)!r}, {origin_of(mark)}"
        tails = [text[-_LONGEST_ENDING:] for text in training if text.strip()]
        if len(tails) < FEWEST_CARRIERS:
            return None
        ending = _common_ending(tails)
        if ending:
            if prompt.endswith(ending) or _ends_like_some(prompt, tails, ending):
                return None
            share = sum(tail.endswith(ending) for tail in tails) / len(tails)
            return f"{without_secrets(ending)!r}, as {share:.0%} of the prompts"
        bare = sum(not tail[-1].isspace() for tail in tails) / len(tails)
        if bare >= MAJORITY and prompt[-1:].isspace():
            return f"no white space at the end, as in {bare:.0%} of the prompts"
        if 1 - bare >= MAJORITY and not prompt[-1:].isspace():
            return f"white space at the end, as in {1 - bare:.0%} of the prompts"
        return None


def _common_ending(tails: Sequence[str]) -> str:
    """The longest ending of the large majority that starts with a sign or white space.

    Letters that many last words happen to share, such as a plural's s, tell nothing.
    """
    ending, fewest = "", MAJORITY * len(tails)
    carriers = list(tails)
    while True:
        longer = Counter(tail[-len(ending) - 1 :] for tail in carriers if len(tail) > len(ending))
        candidate, count = longer.most_common(1)[0] if longer else ("", 0)
        if count < fewest:
            break
        ending = candidate
        carriers = [tail for tail in carriers if tail.endswith(ending)]
    return ending.lstrip("".join(filter(_is_in_word, set(ending))))


def _ends_like_some(prompt: str, tails: Sequence[str], ending: str) -> bool:
    """Whether it ends as more than a few of the prompts do that lack the majority's ending."""
    alike = sum(tail[-1] == prompt[-1:] for tail in tails if not tail.endswith(ending))
    return alike > FEW * len(tails)


def _is_in_word(character: str) -> bool:
    return character.isalnum() or character == "_"

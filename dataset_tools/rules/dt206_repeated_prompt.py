"""A completion begins with its whole prompt."""

from collections.abc import Collection, Iterable

from dataset_tools.findings import Severity
from dataset_tools.marks import FEWEST_CARRIERS, STRUCTURE
from dataset_tools.quotes import without_secrets
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.rule import FileContext, Problem, Rule
from dataset_tools.rules.text_edges import Habit, edges_of, habit_of, leading_space, thinned

SHORTEST_PROMPT = 20  # characters; shorter ones are names and titles, which answers begin with
_SAME_START = 8  # characters shared where completions are their prompts, changed or continued


class RepeatedPrompt(Rule):
    """## What it does

    Reports a completion that begins with its whole prompt, of 20 characters or more, or is
    nothing else. Where a quarter of the completions start as their prompts do, the file teaches
    to copy, correct or continue a text, and nothing is said.

    ## Why it hurts

    The prompt is put before the completion in training anyway. With both, the model learns to
    say everything twice, and spends its length on it.

    ## Example

    ```json
    {"prompt": "Who wrote the novel Emma?", "completion": "Who wrote the novel Emma? Jane Austen."}
    ```

    ## Use instead

    ```json
    {"prompt": "Who wrote the novel Emma?", "completion": " Jane Austen."}
    ```

    ## Source

    OpenAI's fine-tuning guide for prompt/completion models: the completion holds only what the
    model is to write after the prompt.
    """

    code = "DT206"
    name = "completion repeats the prompt"
    severity = Severity.WARNING

    def __init__(self, context: FileContext) -> None:
        super().__init__(context)
        self.is_the_task = False
        self.prompt_start: Habit | None = None
        self.completion_start: Habit | None = None

    def learn(self, sample: RecordBatch) -> None:
        if not sample.prompts:
            return
        looked_at = thinned(sample)
        prompts, completions = looked_at.prompts, looked_at.completions
        same = sum(
            len(start := prompt.lstrip()[:_SAME_START]) == _SAME_START
            and completion.lstrip().startswith(start)
            for prompt, completion in zip(prompts, completions, strict=True)
        )
        self.is_the_task = same >= FEWEST_CARRIERS and same >= STRUCTURE * len(looked_at)
        self.prompt_start = habit_of(map(leading_space, prompts))
        self.completion_start = habit_of(map(leading_space, completions))

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        if self.is_the_task or not batch.prompts:
            return ()
        prompt_start, completion_start = self.prompt_start, self.completion_start
        candidates = edges_of(batch).may_start_alike(
            prompt_start.space if prompt_start else "",
            completion_start.space if completion_start else "",
        )
        return [
            index
            for index in candidates
            if batch.completions[index].lstrip()[:_SAME_START]
            == batch.prompts[index].lstrip()[:_SAME_START]
        ]

    def check_record(self, record: Record) -> Iterable[Problem]:
        if self.is_the_task or record.prompt is None:
            return
        prompt = self.context.prompt_format.bare_prompt(record.prompt).strip()
        completion = self.context.prompt_format.bare_completion(record.completion)
        if len(prompt) < SHORTEST_PROMPT or not completion.strip().startswith(prompt):
            return
        is_all = completion.strip() == prompt
        yield Problem(
            f"the completion {'is' if is_all else 'begins with'} its prompt "
            f"{_elided(without_secrets(prompt))!r}, expected only the answer",
            key="completion",
            offset=len(completion) - len(completion.lstrip()),
        )


def _elided(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"

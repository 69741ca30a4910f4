"""Tokens merge across the boundary of prompt and completion."""

from collections.abc import Collection, Iterable

from dataset_tools.findings import Severity
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.rule import Problem, Rule
from dataset_tools.rules.token_counts import tokenizer_of, trained_prompt_format

WINDOW = 16  # characters either side of the boundary; merges do not reach further in practice


class TokensMerge(Rule):
    r"""## What it does

    Reports a record in which the end of the prompt side (prompt and separator) and the start of
    the completion would share a token if the two were tokenised together. Only the 16 characters
    on each side of the boundary are looked at.

    ## Why it hurts

    Training tokenises the two sides apart, as inference has to. But the model saw the merged
    token in all its pre-training: after a prompt that ends with a space it has to write `Paris`,
    where it only knows the token ` Paris`, and answers become worse than they need to be.

    ## Example

    ```json
    {"prompt": "The capital of France is ", "completion": "Paris"}
    ```

    ## Use instead

    Start the completion with the white space, or end the prompt with a separator that merges with
    nothing, such as `\n\n###\n\n`:

    ```json
    {"prompt": "The capital of France is", "completion": " Paris"}
    ```

    ## Options

    `--tokenizer`, without which nothing is looked at; `--separator`, or `separator` in a recipe.

    ## Source

    OpenAI's guide to fine-tuning prompt/completion models: each completion should start with a
    white space, due to the tokenization. Lundberg, The Art of Prompt Design: Prompt Boundaries
    and Token Healing, 2023.
    """

    code = "DT503"
    name = "tokens merge across the prompt/completion boundary"
    severity = Severity.WARNING
    suspects_are_problems = True

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        if self.context.inputs.tokenizer is None or not batch.prompts:
            return ()
        return list(self._merges(zip(batch.prompts, batch.completions, strict=True)))

    def check_record(self, record: Record) -> Iterable[Problem]:
        if self.context.inputs.tokenizer is None or record.prompt is None:
            return
        tokenizer = tokenizer_of(self.context)
        for apart, whole in self._merges([(record.prompt, record.completion)]).values():
            position = next(
                index
                for index, token in enumerate(apart)
                if index == len(whole) or token != whole[index]
            )
            (last,) = tokenizer.spell(apart[position : position + 1])
            merged = "".join(tokenizer.spell(whole[position : position + 1]))
            yield Problem(
                f"tokenised together, prompt and completion would meet in the token {merged!r}; "
                f"apart, the prompt side ends with {last!r}",
                key="completion",
                offset=0,
            )

    def _merges(self, sides: Iterable[tuple[str, str]]) -> dict[int, tuple[list[int], list[int]]]:
        """By index, the ids of the prompt's end apart and those of both sides, where they merge.

        Where the ids of either side stand unchanged in those of both, a token ends between them:
        tokenizers that put a space before each text change the completion's, those that look
        ahead behind white space the prompt's.
        """
        tokenizer = tokenizer_of(self.context)
        ends = [self._ends(prompt, completion) for prompt, completion in sides]
        befores = tokenizer.encode_batch([before for before, _ in ends])
        wholes = tokenizer.encode_batch([before + after for before, after in ends])
        changed = [
            index
            for index, (before, whole) in enumerate(zip(befores, wholes, strict=True))
            if whole[: len(before)] != before
        ]
        afters = tokenizer.encode_batch([ends[index][1] for index in changed])
        return {
            index: (befores[index], wholes[index])
            for index, after in zip(changed, afters, strict=True)
            if wholes[index][-len(after) :] != after
        }

    def _ends(self, prompt: str, completion: str) -> tuple[str, str]:
        """The characters on the two sides of the boundary."""
        prompt_format = trained_prompt_format(self.context)
        after = prompt_format.bare_completion(completion) + prompt_format.stop_sequence
        return prompt_format.inference_prompt(prompt)[-WINDOW:], after[:WINDOW]

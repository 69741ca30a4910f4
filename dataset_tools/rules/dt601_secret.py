"""A text holds what looks like a secret."""

from collections.abc import Collection, Iterable

from dataset_tools.findings import Severity
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.rule import Problem, Rule, indices_where


class Secret(Rule):
    """## What it does

    Reports keys and tokens in the formats that their vendors document: AWS, GitHub, GitLab,
    Hugging Face, OpenAI, Anthropic, Replicate, Google, Slack, Stripe, SendGrid, npm, PyPI, JSON Web
    Tokens, and private key blocks. Secrets without a form of their own, such as passwords, are not
    found. The secret itself is printed by no rule, only its kind, prefix and length.

    Off unless selected: `--select DT6` or `--select DT601`.

    ## Why it hurts

    Models repeat such strings from their training data word for word, to anyone who asks.

    ## Example

    ```json
    {"prompt": "Upload the file", "completion": "aws configure set aws_access_key_id AKIA…"}
    ```

    ## Use instead

    Revoke the secret where it was issued; then replace it by a placeholder, or drop the record.

    ## Source

    Carlini et al., Extracting Training Data from Large Language Models, arXiv 2012.07805. The
    vendors' documentation of their formats is named in `dataset_tools.rules.secret_formats`.
    """

    code = "DT601"
    name = "looks like a secret or key"
    severity = Severity.WARNING
    is_default = False

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        from dataset_tools.rules.secret_formats import NEEDLES

        texts = "\n".join([*batch.prompts, *batch.completions])
        present = [needle for needle in NEEDLES if needle in texts]
        if not present:
            return ()
        prompts = batch.prompts or [""] * len(batch)
        return indices_where(
            any(needle in prompt or needle in completion for needle in present)
            for prompt, completion in zip(prompts, batch.completions, strict=True)
        )

    def check_record(self, record: Record) -> Iterable[Problem]:
        from dataset_tools.rules.secret_formats import find_secrets

        for key, text in (("prompt", record.prompt), (record.target_key, record.completion)):
            for found in find_secrets(text or ""):
                yield Problem(
                    f"{found.kind} in the {key} ({found.prefix!r}…, {found.length} characters)",
                    key=key,
                    offset=found.start,
                )

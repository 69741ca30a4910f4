"""A text holds an e-mail address, a phone number or a card number."""

from collections.abc import Collection, Iterable

from dataset_tools.findings import Severity
from dataset_tools.record_batch import RecordBatch
from dataset_tools.records import Record
from dataset_tools.rules.rule import Problem, Rule, indices_where


class PersonalData(Rule):
    """## What it does

    Reports e-mail addresses, phone numbers (international ones with `+`, and national ones in the
    usual notations of North America, France and Britain) and card numbers (length and first digits
    of an issuer, and a right check digit). Dates, ISBNs and addresses at `example.com` are none.
    The value itself is never printed, at most an address's domain.

    Off unless selected: `--select DT6` or `--select DT602`.

    ## Why it hurts

    Models repeat such strings from their training data word for word, to anyone who asks; in many
    countries, people have a right to have theirs deleted, which no model can be made to do.

    ## Example

    ```json
    {"prompt": "Who can help?", "completion": " Call Ann on +44 20 7946 0958."}
    ```

    ## Use instead

    Replace the value by a placeholder, such as `<phone>`, or drop the record.

    ## Source

    Carlini et al., Extracting Training Data from Large Language Models, arXiv 2012.07805. ITU-T
    E.164 (phone numbers), ISO/IEC 7812 (card numbers and their check digit), RFC 2606 (names
    reserved for examples).
    """

    code = "DT602"
    name = "e-mail, phone or card number"
    severity = Severity.WARNING
    is_default = False

    def suspects(self, batch: RecordBatch) -> Collection[int]:
        from dataset_tools.rules.personal_data_formats import may_hold_a_number

        prompts = batch.prompts or [""] * len(batch)
        return indices_where(
            "@" in prompt
            or "@" in completion
            or may_hold_a_number(prompt)
            or may_hold_a_number(completion)
            for prompt, completion in zip(prompts, batch.completions, strict=True)
        )

    def check_record(self, record: Record) -> Iterable[Problem]:
        from dataset_tools.rules.personal_data_formats import find_personal_data

        for key, text in (("prompt", record.prompt), (record.target_key, record.completion)):
            for kind, start in find_personal_data(text or ""):
                yield Problem(f"{kind} in the {key}", key=key, offset=start)

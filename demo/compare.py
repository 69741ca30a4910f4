"""Show what training changed: the same held-out prompts answered by the base and the tuned model.

Both answer greedily, from exactly the text that training put before a completion. The evaluation
loss is the mean cross entropy, in nats, over all completion tokens (stop sequence and EOS
included) of the first held-out records: every token counts the same, whichever record it is in.
The base model is the same network with the adapter switched off. Both run in float32, as an adapter
is used; the trainer's own figures are those of the model in 4 bits, whose base loss is higher.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console import DEMO, quieten_libraries, run, shown
from msgspec.structs import replace
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from dataset_tools.errors import InputError, MissingExtraError
from dataset_tools.printable import printable
from dataset_tools.recipe import load_data_settings, load_recipe
from dataset_tools.recipe_keys import read_keys
from dataset_tools.records import Record
from dataset_tools.tokenizer import load_tokenizer
from dataset_tools.tokens import IGNORED_LABEL, TrainingFormat, inference_ids, tokenize

RECIPE = DEMO.parent / "recipes" / "smollm2-python-docstrings.yaml"


@dataclass(frozen=True, slots=True)
class Recipe:
    """The few keys of the training recipe that matter here."""

    base_model: Path
    adapter: Path
    held_out: Path
    held_out_records: int
    training_format: TrainingFormat


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model wrote, and whether it ended the answer itself."""

    text: str
    stopped: bool


def main() -> None:
    """Generate, measure and print."""
    arguments = parse_arguments()
    recipe = read_recipe(arguments.recipe)
    records = read_records(recipe.held_out)
    measured = records[: recipe.held_out_records]
    asked = records[: arguments.prompts]
    comparison = Comparison(recipe, arguments.max_new_tokens)
    total = 2 * (len(asked) + len(measured))
    with Progress(
        console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
    ) as progress:
        task = progress.add_task("Comparing base and tuned model", total=total)

        def advance() -> None:
            progress.advance(task)

        base_answers, tuned_answers = (
            comparison.answers(asked, tuned, advance) for tuned in (False, True)
        )
        base_loss, tuned_loss = (
            comparison.loss(measured, tuned, advance) for tuned in (False, True)
        )
    print_answers(asked, base_answers, tuned_answers, arguments.max_new_tokens)
    print(
        f"Evaluation loss on {len(measured)} held-out records (mean over completion tokens): "
        f"{base_loss:.3f} before, {tuned_loss:.3f} after training"
    )


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--recipe", type=Path, default=RECIPE, help="the recipe trained (default: %(default)s)"
    )
    parser.add_argument(
        "--prompts",
        type=positive_number,
        default=3,
        help="how many held-out prompts to answer (default: %(default)s)",
    )
    parser.add_argument(
        "--max-new-tokens",
        type=positive_number,
        default=64,
        help="where an answer that does not stop is cut off (default: %(default)s)",
    )
    return parser.parse_args()


def positive_number(text: str) -> int:
    """Read a whole number above 0."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"found '{text}', expected a whole number above 0")
    return int(text)


def read_recipe(path: Path) -> Recipe:
    """Take model, adapter, data and prompt format from the recipe."""
    keys = load_recipe(path)
    missing = [key for key in ("base_model", "output_dir", "validation_data") if not keys.get(key)]
    if missing:
        raise InputError(f"{shown(path)}: has no {' and no '.join(missing)}")
    training_format = load_data_settings(path).training_format
    return Recipe(
        base_model=Path(keys["base_model"]),
        adapter=Path(keys["output_dir"]),
        held_out=Path(keys["validation_data"]),
        held_out_records=read_keys(keys)["num_validation_samples"],
        # whatever the recipe trains on, completions are what is compared
        training_format=replace(training_format, prompt_loss_weight=0.0),
    )


def read_records(path: Path) -> list[Record]:
    """Read the held-out records."""
    if not path.is_file():
        raise InputError(f"{shown(path)} does not exist; run python demo/make_dataset.py")
    records = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            row = json.loads(line)
            records.append(Record(prompt=row["prompt"], completion=row["completion"]))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{shown(path)}:{number} is no prompt/completion record: "
                "delete the file and run python demo/make_dataset.py"
            ) from error
    if not records:
        raise InputError(f"{shown(path)} holds no records")
    return records


class Comparison:
    """The base model with the adapter on top, which can be switched off."""

    def __init__(self, recipe: Recipe, max_new_tokens: int) -> None:
        self._format = recipe.training_format
        self._max_new_tokens = max_new_tokens
        self._model = load_model(recipe)
        self._tokenizer = load_tokenizer(str(recipe.base_model))

    def answers(
        self, records: Sequence[Record], tuned: bool, advance: Callable[[], None]
    ) -> list[Answer]:
        """Answer each record's prompt, always with the likeliest token."""
        answers = []
        with self._network(tuned):
            for record in records:
                answers.append(self._answer(record.prompt or ""))
                advance()
        return answers

    def loss(self, records: Sequence[Record], tuned: bool, advance: Callable[[], None]) -> float:
        """The mean cross entropy over all completion tokens of these records."""
        import torch
        from torch.nn.functional import cross_entropy

        total, count = 0.0, 0
        with self._network(tuned), torch.inference_mode():
            for record in records:
                for sequence in tokenize(record, self._format, self._tokenizer):
                    logits = self._model(torch.tensor([sequence.input_ids])).logits[0]
                    # the logits at one position are the guess for the next
                    targets = torch.tensor(sequence.labels[1:])
                    total += float(cross_entropy(logits[:-1], targets, reduction="sum"))
                    count += int((targets != IGNORED_LABEL).sum())
                advance()
        return total / count

    def _network(self, tuned: bool) -> Any:
        """A context in which the model is the tuned or the base one."""
        return nullcontext() if tuned else self._model.disable_adapter()

    def _answer(self, prompt: str) -> Answer:
        import torch

        prompt_format = self._format.prompt_format
        ids = torch.tensor([inference_ids(prompt, prompt_format, self._tokenizer)])
        stop = prompt_format.stop_sequence
        output = self._model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=self._max_new_tokens,
            eos_token_id=self._tokenizer.eos_id,
            stop_strings=[stop] if stop else None,
            tokenizer=self._tokenizer.transformers_tokenizer,
        )
        written = output[0, ids.shape[1] :].tolist()
        text = self._tokenizer.transformers_tokenizer.decode(written, skip_special_tokens=True)
        stopped = written[-1] == self._tokenizer.eos_id
        if stop and stop in text:
            text, stopped = text.split(stop)[0], True
        return Answer(text.strip(), stopped)


def load_model(recipe: Recipe) -> Any:
    """Load base model and adapter in float32 on the CPU; the model is small enough for that."""
    if not (recipe.base_model / "config.json").is_file():
        raise InputError(
            f"{shown(recipe.base_model)} holds no model; run python demo/fetch_model.py"
        )
    if not (recipe.adapter / "adapter_config.json").is_file():
        raise InputError(f"{shown(recipe.adapter)} holds no adapter; train the recipe first")
    quieten_libraries()
    try:
        import torch
        from peft import PeftModel
        from transformers import AutoModelForCausalLM
    except ImportError as error:
        raise MissingExtraError("comparing models", "train") from error
    base = AutoModelForCausalLM.from_pretrained(recipe.base_model, dtype=torch.float32)
    return PeftModel.from_pretrained(base, recipe.adapter).eval()


def print_answers(
    records: Sequence[Record], base: Sequence[Answer], tuned: Sequence[Answer], limit: int
) -> None:
    """Print the answers side by side on a terminal, one under the other elsewhere."""
    rows = list(zip(records, base, tuned, strict=True))
    if not sys.stdout.isatty():
        for record, before, after in rows:
            print(record.prompt)
            print(f"  base:   {printable(before.text)} {how_it_ended(before, limit)}")
            print(f"  tuned:  {printable(after.text)} {how_it_ended(after, limit)}")
            print(f"  Python: {record.completion}\n")
        return
    table = Table("held-out prompt", "base model", "tuned model", "Python's own", show_lines=True)
    for record, before, after in rows:
        table.add_row(
            Text(record.prompt or "", overflow="fold"),  # a signature may be one long word
            answer_cell(before, limit),
            answer_cell(after, limit),
            Text(record.completion),
        )
    Console().print(table)


def answer_cell(answer: Answer, limit: int) -> Text:
    """An answer for the table; as Text, because answers may hold square brackets."""
    style = "green" if answer.stopped else "yellow"
    return Text.assemble(answer.text, "\n", (how_it_ended(answer, limit), style))


def how_it_ended(answer: Answer, limit: int) -> str:
    """Say whether the model stopped by itself."""
    return "[stopped by itself]" if answer.stopped else f"[cut off after {limit} tokens]"


if __name__ == "__main__":
    run(main)

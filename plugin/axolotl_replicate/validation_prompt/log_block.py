"""A sample as the log shows it: apart from all other lines, whatever the model wrote."""

import sys

from axolotl_replicate.validation_prompt.samples_file import Sample
from dataset_tools.printable import printable

_ENDED_BY = {"stop_sequence": "the stop sequence", "eos": "EOS", "length": "its length"}


def show(text: str) -> None:
    """Print on standard error, on lines of its own above a progress bar where there is one."""
    from tqdm import tqdm

    tqdm.write(text, file=sys.stderr)


def block(sample: Sample) -> str:
    """A line on the sample, then prompt and response line by line behind a bar."""
    place = "" if sample.step is None else f" at step {sample.step}, epoch {sample.epoch:.2f}"
    tokens = "1 token" if sample.tokens == 1 else f"{sample.tokens} tokens"
    head = (
        f"axolotl-replicate: validation_prompt{place}: {tokens} in {sample.seconds:.1f} s, "
        f"ended by {_ENDED_BY[sample.finished]}"
    )
    return "\n".join([head, *_lines("prompt", sample.prompt), *_lines("response", sample.response)])


def _lines(title: str, text: str) -> list[str]:
    first, *others = [printable(line) for line in text.split("\n")]
    return [f"  {title:<8} | {first}", *(f"  {'':<8} | {line}" for line in others)]

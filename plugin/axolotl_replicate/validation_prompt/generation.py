"""One response of a model in the middle of its training, which goes on as if nothing had been.

Greedy decoding draws nothing, and what a model's own code might draw is given back: the random
states of torch, numpy and Python are afterwards what they were, and so is every module's mode.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from transformers import GenerationConfig, StoppingCriteria, StoppingCriteriaList

from axolotl_replicate.validation_prompt.prompts import EncodedPrompt

Finished = Literal["stop_sequence", "eos", "length"]


@dataclass(frozen=True, slots=True)
class Response:
    """What the model wrote, without stop sequence and EOS; `tokens` counts them."""

    text: str
    finished: Finished
    tokens: int
    seconds: float


class ResponseReader:
    """From generated ids to text: where a response ends, and what of it is shown."""

    def __init__(self, tokenizer: Any, stop_sequence: str, eos_ids: set[int]) -> None:
        self._tokenizer = tokenizer
        self._stop_sequence = stop_sequence
        self.eos_ids = eos_ids

    def read(self, ids: list[int]) -> tuple[str, Finished]:
        """The text before the stop sequence or EOS, whichever comes first, and what ended it.

        The stop sequence is looked for in the text, since the model may spell it in other tokens
        than training did. "length" where neither is there.
        """
        text = self._decode(ids)
        if self._stop_sequence and self._stop_sequence in text:
            return text.partition(self._stop_sequence)[0], "stop_sequence"
        if ids and ids[-1] in self.eos_ids:
            return self._decode(ids[:-1]), "eos"
        return text, "length"

    def _decode(self, ids: list[int]) -> str:
        # special tokens stay visible: a stop sequence may be one, and one too many is worth seeing
        text: str = self._tokenizer.decode(
            ids, skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        return text


class _StopAtEnd(StoppingCriteria):  # type: ignore[misc]  # transformers is not type checked here
    """Ends generation where the reader sees an end; tells of every token."""

    def __init__(
        self, reader: ResponseReader, prompt_length: int, on_token: Callable[[], None]
    ) -> None:
        self._reader = reader
        self._prompt_length = prompt_length
        self._on_token = on_token

    def __call__(self, input_ids: Tensor, scores: Tensor, **_: Any) -> Tensor:
        self._on_token()
        ended = [
            self._reader.read(row[self._prompt_length :].tolist())[1] != "length"
            for row in input_ids
        ]
        return torch.tensor(ended, device=input_ids.device)


def respond(
    model: Any,
    transformers_tokenizer: Any,
    prompt: EncodedPrompt,
    stop_sequence: str,
    on_token: Callable[[], None] = lambda: None,
) -> Response:
    """The model's greedy response, up to its stop sequence, EOS or `max_new_tokens`."""
    reader = ResponseReader(
        transformers_tokenizer, stop_sequence, _eos_ids(model, transformers_tokenizer)
    )
    device = model.get_input_embeddings().weight.device
    ids = torch.tensor([prompt.ids], device=device)
    pad_id = transformers_tokenizer.pad_token_id
    # all that a model's own generation settings could change greedy decoding by is set here
    settings = GenerationConfig(
        do_sample=False,
        num_beams=1,
        temperature=1.0,
        top_p=1.0,
        top_k=50,
        repetition_penalty=1.0,
        no_repeat_ngram_size=0,
        min_new_tokens=0,
        max_new_tokens=prompt.max_new_tokens,
        use_cache=True,
        eos_token_id=sorted(reader.eos_ids),
        pad_token_id=transformers_tokenizer.eos_token_id if pad_id is None else pad_id,
    )
    start = time.perf_counter()
    with _kept_random_states(model), _eval_mode(model), torch.no_grad():
        output = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            generation_config=settings,
            stopping_criteria=StoppingCriteriaList([_StopAtEnd(reader, len(prompt.ids), on_token)]),
        )
    seconds = time.perf_counter() - start
    new_ids = output[0, len(prompt.ids) :].tolist()
    text, finished = reader.read(new_ids)
    return Response(text, finished, len(new_ids), seconds)


def _eos_ids(model: Any, transformers_tokenizer: Any) -> set[int]:
    """The EOS training ends every record with, and those the model was published with."""
    of_model = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    several = of_model if isinstance(of_model, list) else [of_model]
    return {
        int(each) for each in [transformers_tokenizer.eos_token_id, *several] if each is not None
    }


@contextmanager
def _eval_mode(model: Any) -> Iterator[None]:
    """Without dropout, and each module afterwards in the mode it was in."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


@contextmanager
def _kept_random_states(model: Any) -> Iterator[None]:
    cuda = {parameter.device for parameter in model.parameters() if parameter.is_cuda}
    python_state, numpy_state = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=sorted(cuda, key=str)):
            yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)

"""The callback that answers the prompts at every evaluation, in training and in `evaluate`."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from axolotl_replicate.validation_prompt.generation import respond
from axolotl_replicate.validation_prompt.log_block import block, show
from axolotl_replicate.validation_prompt.prompts import EncodedPrompt
from axolotl_replicate.validation_prompt.samples_file import Sample, SamplesFile
from axolotl_replicate.validation_prompt.waiting import others_waiting, wait_for_main_process

_DIGITS_OF_EPOCH = 4
_DIGITS_OF_SECONDS = 3


class ValidationPromptCallback(TrainerCallback):  # type: ignore[misc]  # not type checked here
    """Generates on the main process, shows and stores; a failure costs a line, not the run."""

    def __init__(
        self,
        prompts: list[EncodedPrompt],
        stop_sequence: str,
        tokenizer: Any,
        folder: Path,
        autocast: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._prompts = prompts
        self._stop_sequence = stop_sequence
        self._tokenizer = tokenizer
        self._samples = SamplesFile(folder)
        self._autocast = autocast
        self._training = False

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Begin the samples' file, or go on with it behind the step the run is resumed at."""
        self._training = True
        if state.is_world_process_zero:
            try:
                self._samples.start_run(state.global_step)
            except Exception as error:
                _warn(f"{self._samples.path} cannot be used ({_brief(error)})")

    def on_evaluate(self, args: Any, state: Any, control: Any, *, model: Any, **_: Any) -> None:
        """Answer the prompts, once a step however many sets are evaluated at it."""
        if not state.is_world_process_zero:
            wait_for_main_process(args.device)
            return
        step = state.global_step if self._training else None
        epoch = state.epoch if self._training else None
        with others_waiting(args.device, args.ddp_timeout) as show_life:
            for prompt in self._prompts:
                if not self._samples.holds(step, prompt.text):
                    self._sample(model, prompt, step, epoch, show_life)

    def _sample(
        self,
        model: Any,
        prompt: EncodedPrompt,
        step: int | None,
        epoch: float | None,
        show_life: Callable[[], None],
    ) -> None:
        place = "" if step is None else f" at step {step}"
        try:
            with self._autocast():
                response = respond(
                    model, self._tokenizer, prompt, self._stop_sequence, on_token=show_life
                )
            sample = Sample(
                step,
                None if epoch is None else round(epoch, _DIGITS_OF_EPOCH),
                prompt.text,
                response.text,
                response.finished,
                response.tokens,
                round(response.seconds, _DIGITS_OF_SECONDS),
            )
            show(block(sample))
            self._samples.append(sample)
        except Exception as error:
            _warn(f"no sample{place} ({_brief(error)})")


def _warn(message: str) -> None:
    show(f"axolotl-replicate: warning: validation_prompt: {message}; the run goes on")


def _brief(error: Exception) -> str:
    first_line = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first_line}" if first_line else type(error).__name__

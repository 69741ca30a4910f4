"""One response of a small model: where it ends, and what it leaves behind."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

EOS_ID = 2
PROMPT_IDS = [1, 60, 61, 62]


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Any:
    """A model with dropout, gradient checkpointing and sampling switched on, in training mode."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    base.gradient_checkpointing_enable()
    base.config.use_cache = False
    base.generation_config.do_sample = True
    base.generation_config.temperature = 5.0
    base.generation_config.repetition_penalty = 9.0
    base.generation_config.eos_token_id = None
    return get_peft_model(base, LoraConfig(r=4, lora_dropout=0.5, target_modules="all-linear"))


@pytest.fixture(scope="module")
def tokenizer(tiny_model: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny_model)


@pytest.fixture
def kept_modes(model: Any) -> Iterator[None]:
    """A mixture of modes, which has to be there again afterwards."""
    model.train()
    model.base_model.model.model.layers[0].eval()
    modes = [module.training for module in model.modules()]
    yield
    assert modes == [module.training for module in model.modules()]


def encoded(max_new_tokens: int = 20) -> Any:
    from axolotl_replicate.validation_prompt.prompts import EncodedPrompt

    return EncodedPrompt("a prompt", PROMPT_IDS, max_new_tokens)


def greedy_ids(model: Any, count: int) -> list[int]:
    """The best next tokens, one whole forward pass each."""
    import torch

    training = [(module, module.training) for module in model.modules()]
    model.eval()
    ids = list(PROMPT_IDS)
    with torch.no_grad():
        for _ in range(count):
            ids.append(int(model(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
    for module, mode in training:
        module.training = mode
    return ids[len(PROMPT_IDS) :]


@pytest.mark.usefixtures("kept_modes")
def test_the_best_tokens_are_taken_and_nothing_is_left_behind(model: Any, tokenizer: Any) -> None:
    """Greedy whatever the model's settings say; random states, gradients and settings stay."""
    import numpy as np
    import torch

    from axolotl_replicate.validation_prompt.generation import respond

    def states() -> list[Any]:
        numpy_state = np.random.get_state()
        return [
            torch.random.get_rng_state().tolist(),
            random.getstate(),
            [numpy_state[0], numpy_state[1].tolist(), *numpy_state[2:]],
            model.config.use_cache,
            model.generation_config.to_dict(),
            [parameter.grad for parameter in model.parameters()],
        ]

    before = states()

    response = respond(model, tokenizer, encoded(), stop_sequence="")

    assert before == states()
    assert tokenizer.decode(greedy_ids(model, 20)) == response.text
    assert (response.tokens, response.finished) == (20, "length")


@pytest.mark.usefixtures("kept_modes")
def test_what_draws_at_random_is_given_back(model: Any, tokenizer: Any) -> None:
    """A model whose own code draws numbers, from any of the three sources, changes no later one."""
    import numpy as np
    import torch

    from axolotl_replicate.validation_prompt.generation import respond

    def draw(*_: Any) -> None:
        torch.rand(1), random.random(), np.random.rand()

    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(0)
    expected = (torch.rand(1).item(), random.random(), np.random.rand())
    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(0)
    hook = model.register_forward_pre_hook(draw)
    inner = model.base_model.model.register_forward_pre_hook(draw)

    respond(model, tokenizer, encoded(), stop_sequence="")

    hook.remove()
    inner.remove()
    assert expected == (torch.rand(1).item(), random.random(), np.random.rand())


@pytest.mark.usefixtures("kept_modes")
def test_it_ends_at_the_stop_sequence_and_leaves_it_out(model: Any, tokenizer: Any) -> None:
    """A stop sequence that spans tokens ends the response before it."""
    from axolotl_replicate.validation_prompt.generation import respond

    ids = greedy_ids(model, 20)
    whole = tokenizer.decode(ids)
    stop_sequence = tokenizer.decode(ids[5:8])[1:]
    expected = whole.partition(stop_sequence)[0]

    response = respond(model, tokenizer, encoded(), stop_sequence)

    assert (expected, "stop_sequence") == (response.text, response.finished)
    assert response.tokens <= 8


@pytest.mark.usefixtures("kept_modes")
def test_it_ends_at_either_eos(model: Any, tokenizer: Any) -> None:
    """The tokenizer's EOS and the model's own end a response and are no part of it."""
    from axolotl_replicate.validation_prompt.generation import respond

    ids = greedy_ids(model, 20)
    eos_id = next(each for position, each in enumerate(ids) if position > 3)
    length = ids.index(eos_id)
    model.generation_config.eos_token_id = [eos_id, 399]
    try:
        response = respond(model, tokenizer, encoded(), stop_sequence="")
    finally:
        model.generation_config.eos_token_id = None

    assert (tokenizer.decode(ids[:length]), "eos") == (response.text, response.finished)
    assert length + 1 == response.tokens


@pytest.mark.usefixtures("kept_modes")
def test_an_error_leaves_the_model_as_it_was(model: Any, tokenizer: Any) -> None:
    """A forward pass that fails passes the error on, with every mode set back."""
    from axolotl_replicate.validation_prompt.generation import respond

    def fail(*_: Any) -> None:
        raise RuntimeError("out of memory")

    hook = model.base_model.model.register_forward_pre_hook(fail)
    try:
        with pytest.raises(RuntimeError, match="out of memory"):
            respond(model, tokenizer, encoded(), stop_sequence="")
    finally:
        hook.remove()


def test_what_ends_a_text() -> None:
    """The stop sequence counts before EOS, a special token stays visible, nothing is length."""
    from axolotl_replicate.validation_prompt.generation import ResponseReader

    class Letters:
        """A tokenizer with a token a letter; 0 is `</s>`."""

        def decode(self, ids: list[int], **_: Any) -> str:
            return "".join("</s>" if each == 0 else chr(each) for each in ids)

    reader = ResponseReader(Letters(), "##", {0})
    ids = [ord(letter) for letter in "a#b"]

    assert reader.read(ids) == ("a#b", "length")
    assert reader.read([*ids, 0]) == ("a#b", "eos")
    assert reader.read([97, 35, 35, 0]) == ("a", "stop_sequence")
    assert reader.read([35, 35]) == ("", "stop_sequence")
    assert reader.read([0]) == ("", "eos")
    assert reader.read([]) == ("", "length")
    assert ResponseReader(Letters(), "</s>", {0}).read([97, 0]) == ("a", "stop_sequence")


class Failing:
    """A model that cannot generate."""

    def generate(self, **_: Any) -> None:
        raise MemoryError("full\nof it")

    def modules(self) -> list[Any]:
        return []

    def parameters(self) -> list[Any]:
        return []

    def eval(self) -> None:
        pass

    def get_input_embeddings(self) -> Any:
        import torch

        return torch.nn.Embedding(1, 1)


def test_a_failing_generation_is_one_warning_line(
    tokenizer: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The callback says what went wrong, in one line, and writes no sample."""
    from contextlib import nullcontext

    from transformers import TrainerControl, TrainerState, TrainingArguments

    from axolotl_replicate.validation_prompt.callback import ValidationPromptCallback

    callback = ValidationPromptCallback([encoded()], "", tokenizer, tmp_path, nullcontext)
    arguments = TrainingArguments(output_dir=str(tmp_path), use_cpu=True, report_to=[])
    state = TrainerState(global_step=0, max_steps=3, epoch=0.0)
    callback.on_train_begin(arguments, state, TrainerControl())
    state.global_step = 3

    callback.on_evaluate(arguments, state, TrainerControl(), model=Failing())

    assert capsys.readouterr().err.splitlines() == [
        "axolotl-replicate: warning: validation_prompt: no sample at step 3 (MemoryError: full); "
        "the run goes on"
    ]
    assert not (tmp_path / "validation_samples.jsonl").exists()

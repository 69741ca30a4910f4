"""`validation_prompt` through real runs: what is generated, and that training does not notice."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from train.conftest import Lab
from train.test_prompt_loss import INPUTS, WEIGHTED, logged_in

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

PROMPTED = "axolotl_replicate.ValidationPromptPlugin"
PROMPT = "Say 3"
STOP = "\n###\n"
STEPS = 4
ROWS: list[dict[str, Any]] = [
    {"prompt": f"Say {n}", "completion": "Yes." if n % 2 else "No."} for n in range(8)
]
ALPACA = [{"instruction": f"Count to {n}", "input": "", "output": "one " * n} for n in range(8)]


def samples_in(folder: Path) -> list[dict[str, Any]]:
    """The lines of a run's samples file."""
    lines = (folder / "validation_samples.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def untimed(samples: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in each.items() if key != "seconds"} for each in samples]


@pytest.fixture
def write_case(lab: Lab, write_rows: Callable[..., Path]) -> Callable[..., Path]:
    """Writes a recipe that evaluates at every second step and uses all that draws at random."""

    def write(**keys: Any) -> Path:
        defaults = {
            "train_data": str(write_rows(ROWS)),
            "num_validation_samples": 2,
            "max_steps": STEPS,
            "num_train_epochs": STEPS,
            "train_batch_size": 2,
            "micro_batch_size": 1,
            "eval_steps": 2,
            "save_steps": 2,
            "chunk_size": 48,
            "stop_sequence": STOP,
            "learning_rate": 0.02,
            "lora_dropout": 0.3,
            "gradient_checkpointing": True,
        }
        return lab.write_recipe(**{**defaults, **keys})

    return write


def plain_greedy(lab: Lab, checkpoint: Path, prompt: str, room: int) -> str:
    """The response of a saved adapter, one whole forward pass a token, without generate or cache.

    Ends before the stop sequence or EOS, or after `room` tokens of prompt and response.
    """
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(lab.model)
    base = AutoModelForCausalLM.from_pretrained(lab.model, dtype=torch.float32)
    model = PeftModel.from_pretrained(base, str(checkpoint)).eval()
    ids = [tokenizer.bos_token_id, *tokenizer(prompt, add_special_tokens=False)["input_ids"]]
    start, text = len(ids), ""
    while len(ids) < room and STOP not in text:
        with torch.no_grad():
            best = int(model(input_ids=torch.tensor([ids])).logits[0, -1].argmax())
        if best == tokenizer.eos_token_id:
            break
        ids.append(best)
        text = tokenizer.decode(ids[start:])
    return text.partition(STOP)[0]


@pytest.mark.parametrize("peft_method", ["lora", "qlora"])
def test_training_does_not_notice(
    peft_method: str, lab: Lab, write_case: Callable[..., Path]
) -> None:
    """Losses and adapter are the same to the last bit, with the key and without."""
    results = []
    for prompt in (None, PROMPT):
        shutil.rmtree(lab.folder / "out", ignore_errors=True)
        finished = lab.train(write_case(peft_method=peft_method, validation_prompt=prompt))
        assert finished.exit_code == 0, finished.output
        adapter = (lab.folder / "out" / "adapter_model.safetensors").read_bytes()
        results.append((logged_in(lab), adapter))

    without, with_prompt = results
    assert without == with_prompt
    assert [sample["step"] for sample in samples_in(lab.folder / "out")] == [0, 2, 4]


def test_a_response_is_the_models_own_and_ends_where_it_was_taught_to(
    lab: Lab, write_case: Callable[..., Path]
) -> None:
    """Each response is what the checkpoint of that step answers; a taught one stops by itself.

    The file and the log hold the same; the stop sequence is in neither.
    """
    finished = lab.train(
        write_case(
            validation_prompt=[PROMPT, "Say nothing\n"],
            max_steps=60,
            num_train_epochs=20,
            eval_steps=20,
            save_steps=20,
            learning_rate=0.005,
            lora_dropout=0.0,
            train_batch_size=6,
            micro_batch_size=6,
            gradient_checkpointing=False,
        )
    )

    assert finished.exit_code == 0, finished.output
    samples = samples_in(lab.folder / "out")
    assert [sample["step"] for sample in samples] == [0, 0, 20, 20, 40, 40, 60, 60]
    assert [sample["prompt"] for sample in samples] == [PROMPT, "Say nothing\n"] * 4
    for sample in samples[2:]:
        checkpoint = lab.folder / "out" / f"checkpoint-{sample['step']}"
        sent = sample["prompt"].removesuffix("\n") + "\n"
        assert plain_greedy(lab, checkpoint, sent, room=48) == sample["response"]
        assert sample["epoch"] == pytest.approx(sample["step"], abs=0.01)
    assert samples[0]["finished"] == "length"
    assert samples[-2]["finished"] == "stop_sequence"
    assert samples[-2]["response"] == "Yes."
    assert any(
        line.startswith("axolotl-replicate: validation_prompt at step 60, epoch 60.00: ")
        and line.endswith("ended by the stop sequence")
        for line in finished.own_lines
    )
    assert "  response | Yes.\n" in finished.output


def test_a_resumed_run_has_every_step_once(lab: Lab, write_case: Callable[..., Path]) -> None:
    """What an interrupted run wrote behind the checkpoint is replaced by the same, written once."""
    whole = lab.train(write_case(validation_prompt=PROMPT))
    assert whole.exit_code == 0, whole.output
    expected = samples_in(lab.folder / "out")

    resumed = lab.train(
        write_case(
            validation_prompt=PROMPT,
            resume_from_checkpoint=str(lab.folder / "out" / "checkpoint-2"),
        )
    )

    assert resumed.exit_code == 0, resumed.output
    again = samples_in(lab.folder / "out")
    assert untimed(expected) == untimed(again)
    assert expected[:2] == again[:2]  # not generated anew, as the seconds tell


def test_alone_over_axolotls_own_types_and_in_evaluate(
    lab: Lab, write_rows: Callable[..., Path]
) -> None:
    """The plugin alone sends the prompt as it stands; `evaluate` answers once, without a step."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    dataset = {"path": str(write_rows(ALPACA)), "ds_type": "json", "type": "alpaca"}
    recipe = lab.write_recipe(
        plugins=[PROMPTED],
        validation_prompt="Count to 3",
        datasets=[{**dataset, "split": "train[:6]"}],
        test_datasets=[{**dataset, "split": "train[6:]"}],
        sequence_len=128,
        num_epochs=1,
        max_steps=1,
        eval_strategy="epoch",
        micro_batch_size=2,
        gradient_accumulation_steps=1,
        learning_rate=1e-8,
        optimizer="adamw_torch",
        bf16=False,
        fp16=False,
        tf32=False,
        val_set_size=0,
    )

    trained = lab.train(recipe)
    evaluated = lab.axolotl("evaluate", str(recipe), "--launcher", "python")

    assert trained.exit_code == 0, trained.output
    assert evaluated.exit_code == 0, evaluated.output
    tokenizer = AutoTokenizer.from_pretrained(lab.model)
    model = AutoModelForCausalLM.from_pretrained(lab.model, dtype=torch.float32)
    ids = tokenizer("Count to 3", return_tensors="pt")["input_ids"]
    output = model.generate(ids, do_sample=False, max_new_tokens=128 - ids.shape[1])
    expected = tokenizer.decode(output[0, ids.shape[1] :])
    samples = samples_in(lab.folder / "out")
    assert [sample["step"] for sample in samples] == [0, 1, None]
    assert [sample["epoch"] for sample in samples] == [0, 0.3333, None]  # 1 of 3 steps
    assert [expected.removesuffix("</s>")] * 3 == [sample["response"] for sample in samples]


def test_two_processes_generate_once(lab: Lab, write_case: Callable[..., Path]) -> None:
    """One process generates, packed and weighted too, and the other waits; both plugins listed."""
    recipe = write_case(
        plugins=[INPUTS, WEIGHTED, PROMPTED], validation_prompt=PROMPT, pack_sequences=True
    )

    finished = lab.axolotl_from_shell(
        "train", str(recipe), "--launcher", "torchrun", "--", "--nproc-per-node", "2"
    )

    assert finished.exit_code == 0, finished.output
    samples = samples_in(lab.folder / "out")
    shown = [line for line in finished.own_lines if "validation_prompt at step" in line]
    assert [sample["step"] for sample in samples] == [0, 2, 4]
    assert len(samples) == len(shown)

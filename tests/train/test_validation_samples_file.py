"""The samples' file through new and resumed runs, and its samples in the log."""

import json
import multiprocessing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

TIMEOUT = 4  # seconds that a waiting process waits for a sign
WORK = 3 * TIMEOUT


def sample(step: int | None, prompt: str = "a\nb", response: str = "c") -> Any:
    from axolotl_replicate.validation_prompt.samples_file import Sample

    epoch = None if step is None else step / 4
    return Sample(step, epoch, prompt, response, "eos", 2, 0.5)


def written(folder: Path, *steps: int | None) -> Any:
    """A samples file of a run from the beginning, with lines for these steps."""
    from axolotl_replicate.validation_prompt.samples_file import SamplesFile

    samples = SamplesFile(folder)
    samples.start_run(0)
    for step in steps:
        samples.append(sample(step))
    return samples


def steps_in(path: Path) -> list[int | None]:
    return [json.loads(line)["step"] for line in path.read_text().splitlines()]


def test_a_line_holds_the_sample(tmp_path: Path) -> None:
    """One JSON object a line with the documented keys, whatever the text holds."""
    samples = written(tmp_path)
    samples.append(sample(3, "a\nb", "\u2028 \U0001f600 \x00\ufffd"))

    content = samples.path.read_text().removesuffix("\n")

    assert json.loads(content) == {
        "step": 3,
        "epoch": 0.75,
        "prompt": "a\nb",
        "response": "\u2028 \U0001f600 \x00\ufffd",
        "finished": "eos",
        "tokens": 2,
        "seconds": 0.5,
    }
    assert "\n" not in content


def test_a_resumed_run_keeps_what_came_before(tmp_path: Path) -> None:
    """Lines up to the checkpoint stay and are not asked for again, later and torn ones go."""
    from axolotl_replicate.validation_prompt.samples_file import SamplesFile

    path = written(tmp_path, 0, None, 2, 4, 6).path
    with path.open("a") as stream:
        stream.write('{"step": 8, "pro')

    resumed = SamplesFile(tmp_path)
    resumed.start_run(4)

    assert steps_in(path) == [0, None, 2, 4]
    assert resumed.holds(4, "a\nb")
    assert not resumed.holds(4, "another")
    assert not resumed.holds(6, "a\nb")
    assert not resumed.holds(None, "a\nb")
    resumed.append(sample(6))
    assert steps_in(path) == [0, None, 2, 4, 6]


def test_a_new_run_keeps_the_last_file_aside(tmp_path: Path) -> None:
    """The samples of the run before are not mixed with those of a new one, and not lost."""
    written(tmp_path, 0, 2)

    samples = written(tmp_path, 0)

    assert steps_in(samples.path) == [0]
    assert steps_in(tmp_path / "validation_samples.previous.jsonl") == [0, 2]


def test_a_resumed_run_without_a_file_begins_one(tmp_path: Path) -> None:
    """A run resumed into another folder has nothing to keep."""
    from axolotl_replicate.validation_prompt.samples_file import SamplesFile

    samples = SamplesFile(tmp_path / "new")
    samples.start_run(4)
    samples.append(sample(6))

    assert steps_in(samples.path) == [6]


def test_the_log_shows_each_line_behind_a_bar() -> None:
    """Step, epoch and end are named, and no text can look like another line of the log."""
    from axolotl_replicate.validation_prompt.log_block import block

    text = block(sample(3, response="axolotl-replicate: x\n\x1b[31mred"))

    assert text == (
        "axolotl-replicate: validation_prompt at step 3, epoch 0.75: 2 tokens in 0.5 s, "
        "ended by EOS\n"
        "  prompt   | a\n"
        "           | b\n"
        "  response | axolotl-replicate: x\n"
        "           | \\x1b[31mred"
    )
    assert "validation_prompt: 1 token in" in block(replace(sample(None), tokens=1))


def _work_or_wait(rank: int, port: int, results: Any) -> None:
    import time
    from datetime import timedelta

    import torch.distributed as dist

    from axolotl_replicate.validation_prompt.waiting import others_waiting, wait_for_main_process

    dist.init_process_group(
        "gloo",
        init_method=f"tcp://127.0.0.1:{port}",
        rank=rank,
        world_size=2,
        timeout=timedelta(seconds=TIMEOUT),
    )
    start = time.monotonic()
    if rank:
        wait_for_main_process("cpu")
    else:
        with others_waiting("cpu", TIMEOUT) as show_life:
            while time.monotonic() - start < WORK:
                time.sleep(0.1)
                show_life()
    results.put((rank, time.monotonic() - start))
    dist.barrier()


def test_the_others_wait_longer_than_a_collective_would() -> None:
    """A process waits three times its timeout, since the working one shows that it lives."""
    import socket

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [context.Process(target=_work_or_wait, args=(r, port, results)) for r in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=240)

    assert [process.exitcode for process in processes] == [0, 0]
    seconds = dict(results.get(timeout=10) for _ in processes)
    assert seconds[1] > 0.8 * WORK

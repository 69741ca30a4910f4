"""Of the processes of a job on one machine one works, one speaks, and all end alike."""

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.train, pytest.mark.filterwarnings("ignore")]

LONGEST_SECONDS = 8  # below the time that a process would wait in vain for another's last words
Work = Callable[[int], Any]


@dataclass(frozen=True)
class Ended:
    exit_codes: list[int | None]
    results: list[Any]  # None of a process that gave none
    said: str


@pytest.fixture
def in_processes(tmp_path: Path) -> Callable[..., Ended]:
    """Runs a function of the rank in processes that this one started, as torchrun's agent does."""

    def run(work: Work, count: int = 3, agent: bool = True) -> Ended:
        context = multiprocessing.get_context("fork")
        processes = [
            context.Process(target=_be, args=(rank, count, agent, work, tmp_path))
            for rank in range(count)
        ]
        started = time.monotonic()
        for process in processes:
            process.start()
        for process in processes:
            process.join(LONGEST_SECONDS)
        assert time.monotonic() - started < LONGEST_SECONDS
        results = [tmp_path / f"result-{rank}.json" for rank in range(count)]
        return Ended(
            [process.exitcode for process in processes],
            [json.loads(path.read_text()) if path.exists() else None for path in results],
            (tmp_path / "said.txt").read_text(),
        )

    return run


def _be(rank: int, count: int, agent: bool, work: Work, folder: Path) -> None:
    os.environ.update(
        LOCAL_RANK=str(rank),
        RANK=str(rank),
        WORLD_SIZE=str(count),
        LOCAL_WORLD_SIZE=str(count),
        AXOLOTL_REPLICATE_CACHE=str(folder / "cache"),
    )
    if agent:
        os.environ["TORCHELASTIC_RUN_ID"] = "none"
    os.dup2(os.open(folder / "said.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    import sys

    sys.stderr = os.fdopen(2, "w", closefd=False)  # pytest has put something else there
    (folder / f"result-{rank}.json").write_text(json.dumps(work(rank)))


def test_one_process_works_and_all_have_its_result(
    in_processes: Callable[..., Ended], tmp_path: Path
) -> None:
    """The work is done once, in the process with local rank 0, however late that comes."""
    from axolotl_replicate.once_per_machine import once_per_machine

    def work(rank: int) -> Any:
        def prepare() -> dict[str, Any]:
            with (tmp_path / "workers.txt").open("a") as stream:
                stream.write(f"{rank}\n")
            time.sleep(0.2)
            return {"datasets": ["a path"]}

        if rank == 0:
            time.sleep(0.3)
        return [once_per_machine({"data": "x"}, prepare) for _ in range(2)]

    ended = in_processes(work)

    assert ended.exit_codes == [0, 0, 0]
    assert ended.results == [[{"datasets": ["a path"]}] * 2] * 3
    assert (tmp_path / "workers.txt").read_text() == "0\n"


def test_other_settings_are_other_work(in_processes: Callable[..., Ended]) -> None:
    """A result serves the settings it was made with, and no others."""
    from axolotl_replicate.once_per_machine import once_per_machine

    def work(rank: int) -> Any:
        return [once_per_machine(name, lambda name=name: name.upper()) for name in "ab"]

    assert in_processes(work).results == [["A", "B"]] * 3


def test_without_an_agent_every_process_works(in_processes: Callable[..., Ended]) -> None:
    """Under a launcher that says nothing of itself no process waits for another."""
    from axolotl_replicate.once_per_machine import once_per_machine
    from axolotl_replicate.termination import say

    def work(rank: int) -> Any:
        say("said by rank 0 only")
        return once_per_machine("x", lambda: rank)

    ended = in_processes(work, agent=False)

    assert ended.results == [0, 1, 2]
    assert ended.said == "said by rank 0 only\n"


def test_all_end_as_the_one_that_works(in_processes: Callable[..., Ended]) -> None:
    """Where the work ends the run, it says why once, and every process has its exit code."""
    from axolotl_replicate.once_per_machine import once_per_machine
    from axolotl_replicate.termination import end_run, say

    def work(rank: int) -> Any:
        def lint() -> None:
            say("data.jsonl:3:1: DT005 malformed")
            time.sleep(0.2)
            end_run("mend the data first", 7)

        return once_per_machine("x", lint)

    ended = in_processes(work)

    assert ended.exit_codes == [7, 7, 7]
    assert ended.results == [None] * 3
    assert ended.said == (
        "data.jsonl:3:1: DT005 malformed\naxolotl-replicate: error: mend the data first\n"
    )


def test_an_unexpected_error_ends_all(in_processes: Callable[..., Ended]) -> None:
    """An error that nobody foresaw is one line, and no process waits for a result for ever."""
    from axolotl_replicate.once_per_machine import once_per_machine
    from axolotl_replicate.termination import ending_the_run_on_error

    def work(rank: int) -> Any:
        with ending_the_run_on_error("recipe.yaml"):
            return once_per_machine("x", lambda: 1 / 0)

    ended = in_processes(work)

    assert ended.exit_codes == [2, 2, 2]
    assert ended.said.count("\n") == 1
    assert "recipe.yaml: unexpected ZeroDivisionError" in ended.said


def test_all_end_where_the_one_that_works_is_killed(in_processes: Callable[..., Ended]) -> None:
    """A process killed at its work leaves the others neither waiting nor without a word."""
    from axolotl_replicate.once_per_machine import once_per_machine

    def work(rank: int) -> Any:
        def be_killed() -> None:
            time.sleep(0.2)
            os.kill(os.getpid(), signal.SIGKILL)

        return once_per_machine("x", be_killed)

    ended = in_processes(work)

    assert ended.exit_codes == [-signal.SIGKILL, 1, 1]
    assert ended.said == (
        "axolotl-replicate: error: the process that prepared the data for this machine was killed\n"
    )


@pytest.mark.parametrize("first", [0, 1])
def test_the_first_to_fail_speaks_for_all(in_processes: Callable[..., Ended], first: int) -> None:
    """What all processes find wrong is said once, by whichever is first; then all end."""
    from axolotl_replicate.termination import end_run

    def work(rank: int) -> Any:
        if rank != first:
            time.sleep(0.2)
        end_run("seperator: unknown key")

    ended = in_processes(work)

    assert ended.exit_codes == [2, 2, 2]
    assert ended.said == "axolotl-replicate: error: seperator: unknown key\n"


def test_what_one_process_knows_is_said(in_processes: Callable[..., Ended]) -> None:
    """A line is printed once for all processes that say it, and as often as each says it."""
    from axolotl_replicate.termination import say

    def work(rank: int) -> Any:
        if rank == 2:
            say("only rank 2 knows")
        for _ in range(2):
            say("all know")

    ended = in_processes(work)

    assert sorted(ended.said.splitlines()) == ["all know", "all know", "only rank 2 knows"]


def test_another_machine_and_another_attempt_meet_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Machines that share a cache folder share no work, nor does a restarted job with its past."""
    from axolotl_replicate.meeting_place import meeting_place

    monkeypatch.setenv("AXOLOTL_REPLICATE_CACHE", str(tmp_path))
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    here = meeting_place()
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    again = meeting_place()
    monkeypatch.setattr("platform.node", lambda: "another")
    there = meeting_place()
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "1")

    assert len({here, again, there}) == 3
    assert meeting_place() is None


def test_old_jobs_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a job of more than a week ago has left is removed; a day-old job's is not."""
    from axolotl_replicate.meeting_place import meeting_place

    monkeypatch.setenv("AXOLOTL_REPLICATE_CACHE", str(tmp_path))
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    for name, days in (("old", 8), ("young", 1)):
        folder = tmp_path / "jobs" / name
        folder.mkdir(parents=True)
        then = time.time() - days * 24 * 3600
        os.utime(folder, (then, then))

    place = meeting_place()

    assert place is not None
    assert sorted(path.name for path in (tmp_path / "jobs").iterdir()) == sorted(
        ["young", place.name]
    )

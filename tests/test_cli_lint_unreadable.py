"""`dataset-tools lint` where one of several files cannot be read."""

import gzip
import os
import subprocess
from pathlib import Path

import pytest
from cli_runs import COMMAND, environment, run

GOOD = "".join(f'{{"prompt": "What is {n}?", "completion": " {n}."}}\n' for n in range(100))


@pytest.mark.parametrize("output_format", ["text", "json", "github"])
def test_an_unreadable_file_hides_no_other(output_format: str, tmp_path: Path) -> None:
    """What is found in the others is reported, then each error; the exit code is that of errors."""
    packed = gzip.compress(GOOD.encode())
    for name in ("early.jsonl.gz", "short.jsonl.gz"):
        (tmp_path / name).write_bytes(packed[: len(packed) // 2])
    (tmp_path / "bad.jsonl").write_text(GOOD + "{\n")
    names = ["early.jsonl.gz", "bad.jsonl", "short.jsonl.gz"]

    done = run("lint", *names, "--format", output_format, cwd=tmp_path)

    assert done.returncode == 2
    assert b"DT005" in done.stdout
    errors = done.stderr.decode().splitlines()
    assert [error.split(": the gzip")[0] for error in errors] == [
        "error: early.jsonl.gz", "error: short.jsonl.gz",
    ]  # fmt: skip


def test_a_file_that_is_gone_hides_no_other(tmp_path: Path) -> None:
    """One that was there when the run began is named, and the rest is reported."""
    (tmp_path / "gone.jsonl").write_text(GOOD)
    os.mkfifo(tmp_path / "pipe")

    lint = subprocess.Popen(
        [*COMMAND, "lint", "gone.jsonl", "pipe"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with (tmp_path / "pipe").open("w") as pipe:  # waits until it is read, after the first was found
        (tmp_path / "gone.jsonl").unlink()
        pipe.write(GOOD + "{\n")
    stdout, stderr = lint.communicate(timeout=60)

    assert lint.returncode == 2
    assert b"pipe:101:2: DT005" in stdout
    assert stderr == b"error: gone.jsonl: cannot be read: No such file or directory\n"


def test_no_baseline_is_written_of_half_of_the_files(tmp_path: Path) -> None:
    """It would be taken for one of all; nothing is reported either where nothing was read."""
    (tmp_path / "early.jsonl.gz").write_bytes(gzip.compress(GOOD.encode())[:50])
    (tmp_path / "bad.jsonl").write_text(GOOD + "{\n")

    alone = run("lint", "early.jsonl.gz", cwd=tmp_path)
    recorded = run(
        "lint", "bad.jsonl", "early.jsonl.gz", "--write-baseline", "b.json", cwd=tmp_path
    )

    assert (alone.returncode, alone.stdout) == (2, b"")
    assert (recorded.returncode, recorded.stdout) == (2, b"")
    assert not (tmp_path / "b.json").exists()

"""Files that break readers, through the real command line: one line of truth, no crash, no hang."""

import ctypes
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cli_runs import COMMAND, environment, run

GOOD = "".join(f'{{"prompt": "What is {n}?", "completion": " {n}."}}\n' for n in range(100))
RECORD = b'{"prompt": "Why %d?", "completion": " So %d."}\n'
LONG = 20_000_000  # bytes
DEEP = 100_000  # levels
DIGITS = b"9" * 5000
PR_CAPBSET_DROP = 24  # linux/prctl.h
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2  # linux/capability.h: root's right to read all


def lint(path: Path, *options: str) -> list[tuple[int, int, str]]:
    """(line, column, code) of what is found above info; the exit code tells of errors."""
    done = run("lint", path.name, "--format", "json", *options, cwd=path.parent)
    report = json.loads(done.stdout)
    assert done.stderr == b""
    assert done.returncode == bool(report["summary"]["error"])
    return [
        (each["line"], each["column"], each["code"])
        for each in report["findings"]
        if each["severity"] != "info"
    ]


def write(folder: Path, content: bytes) -> Path:
    path = folder / "data.jsonl"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_a_file_of_newlines_has_no_records(newline: bytes, tmp_path: Path) -> None:
    """Nothing but line ends is a file without records, with as many blank lines."""
    found = lint(write(tmp_path, newline * 3))

    assert found == [(1, 1, "DT001"), (1, 1, "DT004"), (2, 1, "DT004"), (3, 1, "DT004")]


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize(
    ("line", "column", "code"),
    [
        (b'{"prompt": "a\0", "completion": "b"}', 14, "DT005"),
        (b'{"prompt": "a", \0"completion": "b"}', 17, "DT005"),
        (b"\0" * 4096, 1, "DT005"),  # what a crash leaves of a file
        (b"[" * DEEP, 501, "DT007"),
        (b"[" * DEEP + b"]" * DEEP, 501, "DT007"),
        (b'{"a":' * DEEP + b"1" + b"}" * DEEP, 2501, "DT007"),
        (b'{"prompt": "a", "completion": "b", "x": ' + b"[" * DEEP + b"}", 540, "DT007"),
        (b'{"prompt": "a", "completion": ' + DIGITS + b"}", 31, "DT007"),
        (b'{"prompt": "a", "completion": "b", "weight": ' + DIGITS + b"}", 46, "DT007"),
        (b'{"prompt": "a", "completion": "b", "x": 1.' + DIGITS + b"}", 41, "DT007"),
        (b"x" * LONG, 1, "DT005"),
        (b'{"prompt": "' + b"x" * LONG, LONG + 13, "DT005"),
    ],
    ids=[
        "NUL in a string", "NUL between", "NULs", "deep, open", "deep arrays", "deep objects",
        "deep in a record", "digits for text", "digits for a weight", "digits of an unknown key",
        "long rubbish", "long string without end",
    ],
)  # fmt: skip
def test_one_line_among_good_ones(
    line: bytes, column: int, code: str, jobs: str, tmp_path: Path
) -> None:
    """The line has one finding at its place, and the lines around it none."""
    path = write(tmp_path, GOOD.encode() + line + b"\n" + RECORD % (1, 1))

    assert lint(path, "--jobs", jobs) == [(101, column, code)]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_long_line_is_a_line(jobs: str, tmp_path: Path) -> None:
    """A sound record of 20 MB is judged like any other, and the line behind it has its number."""
    text = b"Why? " * (LONG // 5)
    line = b'{"prompt": "%sWhy?", "completion": " So."}\n' % text
    path = write(tmp_path, GOOD.encode() + line + b"{\n")

    found = lint(path, "--jobs", jobs)

    assert found == [(102, 2, "DT005")]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_lines_that_end_where_pieces_do(jobs: str, tmp_path: Path) -> None:
    """Lines of 64 bytes end at every power of two; none is judged twice, none left out."""
    lines = [b'{"prompt": "Why %08d?", "completion": " So %d."}' % (n, n) for n in range(150_000)]
    path = write(tmp_path, b"".join(line[:-1].ljust(62) + b"}\n" for line in lines) + b"{\n")

    assert lint(path, "--jobs", jobs) == [(150_001, 2, "DT005")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_another_unicode_encoding_is_one_finding(encoding: str, tmp_path: Path) -> None:
    """UTF-16 and UTF-32, with their mark or without, are named once rather than line by line."""
    path = write(tmp_path, GOOD.encode(encoding))

    done = run("lint", path.name, cwd=tmp_path)

    (finding, *_) = lines = done.stdout.decode().splitlines()
    assert finding.startswith("data.jsonl:1:1: DT002 the file is UTF-")
    assert f"iconv -f {encoding.upper().replace('-LE', 'LE').replace('-BE', 'BE')} " in finding
    assert len(lines) == 3  # the finding, the file, the summary
    assert done.returncode == 1


def append(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(RECORD % (1, 1))


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 10)


@contextmanager
def changing(path: Path, change: Callable[[Path], None]) -> Iterator[None]:
    """Change the file again and again, every millisecond, until the block ends."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(0.001):
            change(path)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        ended.set()
        worker.join()


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("change", [append, truncate])
def test_a_file_that_changes_is_refused(
    change: Callable[[Path], None], jobs: str, tmp_path: Path
) -> None:
    """What another process writes to or cuts meanwhile is no set to judge: one line, exit 2."""
    path = write(tmp_path, b"".join(RECORD % (n, n) for n in range(200_000)))

    with changing(path, change):
        done = run("lint", path.name, "--jobs", jobs, cwd=tmp_path)

    (message,) = done.stderr.decode().splitlines()
    assert message.startswith("error: data.jsonl: changed while it was read")
    assert (done.returncode, done.stdout) == (2, b"")


def test_a_pipe_is_read(tmp_path: Path) -> None:
    """A FIFO is read to its end, and findings have their lines in it."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[GOOD.encode() + b"{\n"])
    writer.start()

    found = lint(pipe, "--jobs", "2")
    writer.join()

    assert found == [(101, 2, "DT005")]


def test_an_empty_pipe_is_an_empty_file(tmp_path: Path) -> None:
    """A FIFO whose writer says nothing ends the run with a finding, not with waiting."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[b""])
    writer.start()

    found = lint(pipe)
    writer.join()

    assert found == [(1, 1, "DT001")]


def give_up_roots_right_to_read_all() -> None:
    """For the child process: file permissions hold for root too; others never had that right."""
    if sys.platform != "linux":
        return  # where nobody runs tests as root
    libc = ctypes.CDLL(None)
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def test_a_file_without_read_permission(tmp_path: Path) -> None:
    """It is named in one line with what mends it, also where the tests run as root."""
    write(tmp_path, GOOD.encode()).chmod(0)

    done = subprocess.run(
        [*COMMAND, "lint", "data.jsonl"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        preexec_fn=give_up_roots_right_to_read_all,
        timeout=60,
        check=False,
    )

    (message,) = done.stderr.decode().splitlines()
    assert message.startswith("error: no permission to read 'data.jsonl'")
    assert (done.returncode, done.stdout) == (2, b"")


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("format_name", ["text", "json", "github"])
def test_standard_output_closed_early(format_name: str, jobs: str, tmp_path: Path) -> None:
    """`| head -1` gets its line; the run ends without a word and without hanging."""
    write(tmp_path, b"{\n" * 20_000)
    options = ["--max-findings", "20000", "--format", format_name, "--jobs", jobs]
    process = subprocess.Popen(
        [*COMMAND, "lint", "data.jsonl", *options],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None

    first = process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=60)

    assert first != b""
    assert errors == b""


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_no_standard_output_at_all(closed: str, tmp_path: Path) -> None:
    """Started with its output closed, the run still tells by its exit code what it found."""
    write(tmp_path, GOOD.encode() * 2000 + b"{\n")  # long enough for a progress bar

    done = subprocess.run(
        ["sh", "-c", f'"$@" {closed}', "sh", *COMMAND, "lint", "data.jsonl"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert done.stderr == b""
    assert done.returncode == 1

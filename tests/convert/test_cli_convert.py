"""The command line of convert: where records go, and what happens when they cannot."""

import gzip
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest
import zstandard
from cli_runs import COMMAND, environment, run

PAIRS = b"question,answer\nWho?,Me.\nWhen?,Now.\n"
RECORDS = b'{"prompt":"Who?","completion":"Me."}\n{"prompt":"When?","completion":"Now."}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "faq.csv").write_bytes(PAIRS)
    return tmp_path


def unpacked_zstd(packed: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(packed)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_records_go_to_standard_output_if_asked_to(folder: Path) -> None:
    """Nothing but records is there; what is said goes to standard error."""
    done = run("convert", "faq.csv", "-o", "-", cwd=folder)
    said = b"-: 2 records of 2 rows, recognised as question/answer\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, RECORDS, said)


def test_quiet_says_nothing(folder: Path) -> None:
    """No word on either stream."""
    done = run("convert", "faq.csv", "-o", "out.jsonl", "--quiet", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_standard_input_is_read(folder: Path) -> None:
    """A pipe needs its format named, or is told by its content."""
    done = run("convert", "-", "--from", "csv", "-o", "-", "-q", cwd=folder, stdin=PAIRS)
    assert (done.returncode, done.stdout) == (0, RECORDS)


@pytest.mark.parametrize(
    ("name", "unpack"), [("out.jsonl.gz", gzip.decompress), ("out.jsonl.zst", unpacked_zstd)]
)
def test_the_name_says_how_to_pack(folder: Path, name: str, unpack: object) -> None:
    """The same records, packed, and the same bytes each time."""
    for _ in range(2):
        assert run("convert", "faq.csv", "-o", name, "--force", cwd=folder).returncode == 0
        packed = (folder / name).read_bytes()
        assert unpack(packed) == RECORDS  # type: ignore[operator]
        assert run("lint", name, cwd=folder).returncode == 0
    assert (folder / name).read_bytes() == packed


def test_a_file_that_is_there_is_kept_unless_forced(folder: Path) -> None:
    """The message names --force, which then replaces the file."""
    (folder / "out.jsonl").write_text("mine")
    done = run("convert", "faq.csv", "-o", "out.jsonl", cwd=folder)
    said = b"error: out.jsonl: is there already; --force replaces it\n"
    assert (done.returncode, done.stderr) == (2, said)
    assert (folder / "out.jsonl").read_text() == "mine"
    assert run("convert", "faq.csv", "-o", "out.jsonl", "--force", cwd=folder).returncode == 0
    assert (folder / "out.jsonl").read_bytes() == RECORDS


@pytest.mark.parametrize("name", ["faq.csv", "link.csv", "./faq.csv"])
def test_the_input_is_never_the_output(folder: Path, name: str) -> None:
    """Not by another name either, and not with --force."""
    (folder / "link.csv").symlink_to("faq.csv")
    done = run("convert", "faq.csv", "-o", name, "--force", cwd=folder)
    said = f"error: {Path(name)}: is an input of this run; name another output\n"
    assert (done.returncode, done.stderr.decode()) == (2, said)
    assert (folder / "faq.csv").read_bytes() == PAIRS


def test_a_bad_row_leaves_what_was_there(folder: Path) -> None:
    """Even with --force the old file stays, and no part of a new one is left."""
    (folder / "out.jsonl").write_text("mine")
    (folder / "faq.csv").write_bytes(PAIRS + b"Why?,\n")
    done = run("convert", "faq.csv", "-o", "out.jsonl", "--force", cwd=folder)
    said = b"error: faq.csv:4: row 3: the completion is empty\n"
    assert (done.returncode, done.stderr) == (2, said)
    assert (folder / "out.jsonl").read_text() == "mine"
    assert names_in(folder) == ["faq.csv", "out.jsonl"]


def test_a_full_disk_is_told_and_nothing_is_left(folder: Path) -> None:
    """A limit on the size of files stands for the disk: one line with the output's name."""
    rows = "".join(f"question {number},answer {number}\n" for number in range(20_000))
    (folder / "faq.csv").write_text("question,answer\n" + rows)
    done = subprocess.run(
        [*COMMAND, "convert", "faq.csv", "-o", "out.jsonl"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )
    said = (
        b"error: out.jsonl: cannot be written: File too large; "
        b"raise the limit on file sizes (ulimit -f) or name another output\n"
    )
    assert (done.returncode, done.stderr) == (2, said)
    assert names_in(folder) == ["faq.csv"]


@pytest.mark.parametrize(
    ("sent", "exit_code", "said"),
    [
        (signal.SIGINT, 130, b"\ninterrupted\n"),
        (signal.SIGTERM, 143, b""),
        (signal.SIGHUP, 129, b""),
    ],
)
def test_an_interrupted_run_leaves_no_half_file(
    folder: Path, sent: signal.Signals, exit_code: int, said: bytes
) -> None:
    """Ctrl-C, `kill` and a closed terminal: no output, no temporary file."""
    rows = "".join(f"question {number},answer {number}\n" for number in range(1_000_000))
    (folder / "faq.csv").write_text("question,answer\n" + rows)
    process = subprocess.Popen(
        [*COMMAND, "convert", "faq.csv", "-o", "out.jsonl"],
        cwd=folder,
        env=environment(),
        stderr=subprocess.PIPE,
        # tests that run under nohup, or in the background, have it ignored
        preexec_fn=lambda: signal.signal(sent, signal.SIG_DFL),
    )
    while not any(part.stat().st_size for part in folder.glob(".out.jsonl.*")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(sent)
    _, heard = process.communicate(timeout=30)
    assert (process.returncode, heard) == (exit_code, said)
    assert names_in(folder) == ["faq.csv"]


def test_a_reader_that_stops_early_is_no_error(folder: Path) -> None:
    """`| head` ends the run without a word."""
    rows = "".join(f"question {number},answer {number}\n" for number in range(50_000))
    (folder / "faq.csv").write_text("question,answer\n" + rows)
    command = f"{' '.join(COMMAND)} convert faq.csv -o - -q | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment(), capture_output=True, check=False
    )
    assert done.stdout == b'{"prompt":"question 0","completion":"answer 0"}\n0\n'
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--text", "@nowhere.txt"], "@nowhere.txt: the template cannot be read: No such file"),
        (["--text", "question", "--prompt", "question"], "give one kind"),
        (["--completion", "answer"], "a completion template alone; give one for the prompt, too"),
        (["--delimiter", ";;"], "found ';;', expected one character"),
        (["--split", "train"], "faq.csv: --split and --name are for datasets"),
        (["--weight", "importance"], "weight: there is no column 'importance'"),
    ],
)
def test_misuse_is_told_in_a_line(folder: Path, arguments: list[str], message: str) -> None:
    """Exit code 2, the option and the remedy, and nothing written."""
    done = run("convert", "faq.csv", "-o", "out.jsonl", *arguments, cwd=folder)
    assert done.returncode == 2
    assert message in done.stderr.decode()
    assert names_in(folder) == ["faq.csv"]


def test_a_glob_is_one_set_and_its_limit_is_one(folder: Path) -> None:
    """The files' rows follow one another by name, numbered within their file."""
    (folder / "faq2.csv").write_bytes(b"question,answer\nWhy?,So.\nHow?,\n")
    done = run("convert", "faq*.csv", "-o", "-", "--limit", "3", cwd=folder)
    assert done.stdout == RECORDS + b'{"prompt":"Why?","completion":"So."}\n'
    assert b"-: 3 records of 3 rows" in done.stderr
    done = run("convert", "faq*.csv", "-o", "-", "--limit", "2", cwd=folder)
    assert (done.returncode, done.stdout) == (0, RECORDS)
    done = run("convert", "faq*.csv", "-o", "-", cwd=folder)
    assert done.stderr == b"error: faq2.csv:3: row 2: the completion is empty\n"


def test_files_of_different_records_are_not_mixed(folder: Path) -> None:
    """Text records behind prompt/completion ones would be no sound file."""
    (folder / "faq2.csv").write_bytes(b"text\nOne.\n")
    done = run("convert", "faq*.csv", "-o", "out.jsonl", cwd=folder)
    said = (
        "error: faq2.csv: makes text records, those before are prompt-completion records; "
        "convert the files apart, or with --to text\n"
    )
    assert (done.returncode, done.stderr.decode()) == (2, said)
    done = run("convert", "faq*.csv", "-o", "out.jsonl", "--to", "text", cwd=folder)
    assert done.returncode == 0
    assert b"3 records of 3 rows, recognised as question/answer and text" in done.stderr


def test_a_file_of_skipped_rows_alone_is_an_error(folder: Path) -> None:
    """An empty file would be no training data."""
    (folder / "faq.csv").write_bytes(b"question,answer\nWho?,\n")
    done = run("convert", "faq.csv", "-o", "out.jsonl", "--no-strict", cwd=folder)
    said = (
        "error: none of the 1 row can be a record; the first: "
        "faq.csv:2: row 1: the completion is empty\n"
    )
    assert (done.returncode, done.stderr.decode()) == (2, said)
    assert names_in(folder) == ["faq.csv"]


def test_marks_that_some_rows_lack_are_pointed_out(folder: Path) -> None:
    """Lint would name those rows; the option that adds the mark is said."""
    rows = "".join(f"question {n} ###,answer {n}\n" for n in range(9)) + "question 9,answer 9\n"
    (folder / "faq.csv").write_text("question,answer\n" + rows)
    done = run("convert", "faq.csv", "-o", "out.jsonl", cwd=folder)
    assert (
        "note: 90.0% of the records carry ' ###' at the end of their prompts, the others don't; "
        "--separator gives it to all\n"
    ) in done.stderr.decode()
    done = run("convert", "faq.csv", "-o", "-", "--separator", " ###", cwd=folder)
    assert done.stdout.count(b' ###","completion"') == 10


def test_a_column_of_weights_that_is_left_out_is_pointed_out(folder: Path) -> None:
    """In a shape that has no weights of its own; --weight gives them to the records."""
    (folder / "faq.csv").write_bytes(b"question,answer,weight\nWho?,Me.,0.5\n")
    done = run("convert", "faq.csv", "-o", "-", cwd=folder)
    assert b"note: column 'weight' is left out; --weight weight gives it" in done.stderr
    done = run("convert", "faq.csv", "-o", "-", "--weight", "weight", cwd=folder)
    assert done.stdout == b'{"prompt":"Who?","completion":"Me.","weight":0.5}\n'
    assert b"note" not in done.stderr


def test_a_name_of_another_format_is_refused(folder: Path) -> None:
    """What is written is JSON Lines, whatever the name."""
    done = run("convert", "faq.csv", "-o", "out.parquet", cwd=folder)
    said = b"error: out.parquet: the output is JSON Lines; end its name in .jsonl\n"
    assert (done.returncode, done.stderr) == (2, said)


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("", b"", "the data's path is empty; give a file, a glob, a URL or - (stdin)"),
        ("x.json", b"{}", "x.json: the rows have no columns, expected at least one in each"),
    ],
)
def test_what_holds_nothing_is_refused(folder: Path, name: str, content: bytes, error: str) -> None:
    """No name, and a row without columns."""
    if name:
        (folder / name).write_bytes(content)
    done = run("convert", name, "-o", "-", cwd=folder)
    assert (done.returncode, done.stderr.decode()) == (2, f"error: {error}\n")


def test_a_table_of_standard_input_is_told_by_its_content(folder: Path) -> None:
    """Without --from; the note says what it was read as."""
    done = run("convert", "-", "-o", "-", cwd=folder, stdin=PAIRS)
    assert (done.returncode, done.stdout) == (0, RECORDS)
    assert done.stderr.startswith(b"note: <stdin>: read as csv (detected)\n")

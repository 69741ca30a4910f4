"""Standard streams that fail: the exit code stays true."""

import gzip
import subprocess
from pathlib import Path

import pytest
from cli_runs import COMMAND, environment

GOOD = '{"prompt": "What is %d?", "completion": " It is %d, of course."}\n'
SHORT_REPORT, LONG_REPORT = ("1", "20000")  # findings; what the second lists fills any pipe
BUFFERING = [{"PYTHONUNBUFFERED": ""}, {"PYTHONUNBUFFERED": "1"}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a good file and one in which every line is malformed."""
    (tmp_path / "good.jsonl").write_text("".join(GOOD % (n, n) for n in range(100)))
    (tmp_path / "bad.jsonl").write_text("{\n" * 20_000)
    return tmp_path


def code_of(command: str, folder: Path, **variables: str) -> int:
    """The exit code of a `dataset-tools` command that is the first part of a shell's pipe."""
    script = f'"$@" {command}; exit "${{PIPESTATUS[0]}}"'
    done = subprocess.run(
        ["bash", "-c", script, "bash", *COMMAND],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == (b"", b"")
    return done.returncode


@pytest.mark.parametrize("variables", BUFFERING)
@pytest.mark.parametrize("listed", [SHORT_REPORT, LONG_REPORT])
def test_findings_count_though_nobody_reads_them(
    listed: str, variables: dict[str, str], folder: Path
) -> None:
    """`lint bad.jsonl | true` fails under pipefail, however long the report is."""
    options = f"--ignore DT4 --max-findings {listed} | true"

    assert code_of(f"lint bad.jsonl {options}", folder, **variables) == 1
    assert code_of(f"lint good.jsonl {options}", folder, **variables) == 0
    assert code_of(f"lint bad.jsonl --fail-on never {options}", folder, **variables) == 0


@pytest.mark.parametrize("command", ["--help", "--version", "lint --help", "rules"])
def test_help_that_nobody_reads_is_no_failure(command: str, folder: Path) -> None:
    """`dataset-tools --help | true` succeeds."""
    assert code_of(f"{command} | true", folder, PYTHONUNBUFFERED="1") == 0


@pytest.mark.parametrize("errors", ["2>/dev/full", "2>&1 >/dev/null | true"])
def test_codes_where_standard_error_cannot_be_written(errors: str, folder: Path) -> None:
    """What is said there is lost, the exit code is not."""
    assert code_of(f"lint missing.jsonl {errors}", folder) == 2
    assert code_of(f"lint --bogus {errors}", folder) == 2


@pytest.mark.parametrize("variables", BUFFERING)
def test_a_note_that_nobody_reads_makes_no_data_good(
    variables: dict[str, str], folder: Path
) -> None:
    """Where a note is lost before anything was checked, the run does not end as if all was well."""
    noted = "lint bad.jsonl good.jsonl --validation-data good.jsonl 2>&1 >/dev/null | true"

    assert code_of(noted, folder, **variables) == 2


@pytest.mark.parametrize("name", ["bad.jsonl", "good.jsonl"])
def test_a_report_in_a_file_needs_no_reader_of_standard_error(name: str, folder: Path) -> None:
    """The report is written, and the exit code tells of it, though the summary is lost."""
    code = code_of(f"lint {name} --ignore DT4 --output-file report.txt 2>&1 | true", folder)

    assert code == int(name == "bad.jsonl")
    assert (folder / "report.txt").read_text().endswith("in 1 file, " + (
        "100 records\n" if name == "good.jsonl" else "0 records\n"
    ))  # fmt: skip


@pytest.mark.parametrize("variables", BUFFERING)
@pytest.mark.parametrize(
    "arguments",
    [["lint", "bad.jsonl", "--max-findings", LONG_REPORT], ["fix", "bad.jsonl", "-o", "-", "-q"]],
    ids=["lint", "fix"],
)
def test_output_that_fits_in_part_is_an_error(
    arguments: list[str], variables: dict[str, str], folder: Path
) -> None:
    """A disk that takes half of what is written gives exit code 2 and a line, buffered or not."""
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 8; "$@" >out', "bash", *COMMAND, *arguments],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr.startswith(b"error: ")
    assert done.stderr.endswith(b"\n")
    assert done.stderr.count(b"\n") == 1


def run_with_room_for(kilobytes: int, folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code, the temporary folder and what was said, where no file may be larger."""
    temporary = folder / "temporary"
    temporary.mkdir()
    script = f'ulimit -f {kilobytes}; exec "$@"'
    done = subprocess.run(
        ["bash", "-c", script, "bash", *COMMAND, *arguments],
        cwd=folder,
        env=environment(TMPDIR=str(temporary)),
        input=(folder / "large.jsonl").read_bytes(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert list(temporary.iterdir()) == []
    assert done.stdout == b""
    return done.returncode, str(temporary), done.stderr.decode()


@pytest.mark.parametrize("arguments", [["lint", "large.jsonl.gz"], ["lint", "-"], ["stats", "-"]])
def test_a_temporary_folder_without_room_is_named(arguments: list[str], folder: Path) -> None:
    """What is unpacked there, or comes from standard input, may not fit."""
    content = (folder / "good.jsonl").read_bytes() * 40  # 260 kB
    (folder / "large.jsonl").write_bytes(content)
    (folder / "large.jsonl.gz").write_bytes(gzip.compress(content))

    code, temporary, said = run_with_room_for(100, folder, *arguments)

    assert code == 2
    assert said == (
        f"error: cannot write temporary files in {temporary}: File too large; "
        "make room there, or name another folder in TMPDIR\n"
    )


@pytest.mark.parametrize("to", ["> /dev/full", "--output-file /dev/full"])
@pytest.mark.parametrize("listed", [SHORT_REPORT, LONG_REPORT])
def test_an_output_without_room_is_not_taken_for_the_temporary_folder(
    listed: str, to: str, folder: Path
) -> None:
    """However long the report is, and wherever it goes."""
    script = f'"$@" lint bad.jsonl --quiet --max-findings {listed} {to}'
    command = ["bash", "-c", script, "bash", *COMMAND]

    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, timeout=60, check=False
    )

    assert done.returncode == 2
    assert done.stderr == b"error: cannot write: No space left on device\n"


@pytest.mark.parametrize("command", ["lint", "stats"])
def test_a_dash_is_standard_output(command: str, folder: Path) -> None:
    """`--output-file -` makes no file of that name."""
    before = sorted(folder.iterdir())
    to_dash, plain = (
        subprocess.run(
            [*COMMAND, command, "good.jsonl", *options],
            cwd=folder,
            env=environment(),
            capture_output=True,
            timeout=60,
            check=False,
        )
        for options in (["--output-file", "-"], [])
    )

    assert to_dash.stdout == plain.stdout != b""
    assert to_dash.stderr == plain.stderr
    assert sorted(folder.iterdir()) == before

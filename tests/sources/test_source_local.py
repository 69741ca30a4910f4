import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataset_tools.errors import InputError
from dataset_tools.sources import SourceFile, fetch

SHOW_SOURCES = """\
import sys
from dataset_tools.sources import fetch
for file in fetch(sys.argv[1:]):
    print(file.name, file.path, file.path.read_bytes())
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory of its own, so that tests give the short paths that people give."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_a_file_keeps_the_name_it_was_given(folder: Path) -> None:
    """Reports name a file the way the user spelled it, dots and all."""
    (folder / "a.jsonl").touch()

    assert [SourceFile("./a.jsonl", Path("a.jsonl"))] == fetch("./a.jsonl")


def test_an_empty_file_is_handed_on(folder: Path) -> None:
    """Whether an empty file is wrong is for lint to say."""
    (folder / "empty.jsonl").touch()

    assert [file.name for file in fetch("empty.jsonl")] == ["empty.jsonl"]


def test_a_tilde_means_the_home_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recipe, which no shell expands, may say ~/train.jsonl."""
    monkeypatch.setenv("HOME", str(folder))
    (folder / "a.jsonl").touch()

    assert [SourceFile("~/a.jsonl", folder / "a.jsonl")] == fetch("~/a.jsonl")


def test_a_glob_gives_its_files_in_order_and_no_folders(folder: Path) -> None:
    """Files matching a pattern come sorted, with ** reaching into subfolders."""
    (folder / "part.jsonl").mkdir()
    for name in ("b.jsonl", "a.jsonl", "part.jsonl/c.jsonl", "notes.txt"):
        (folder / name).touch()

    names = [file.name for file in fetch("**/*.jsonl")]

    assert names == ["a.jsonl", "b.jsonl", "part.jsonl/c.jsonl"]


def test_a_file_whose_name_looks_like_a_glob_is_itself(folder: Path) -> None:
    """Brackets in the name of an existing file are not a pattern."""
    (folder / "a[1].jsonl").touch()
    (folder / "a1.jsonl").touch()

    assert [file.name for file in fetch("a[1].jsonl")] == ["a[1].jsonl"]


def test_a_glob_without_a_match_offers_what_is_there(folder: Path) -> None:
    """A pattern that matches nothing is an error that shows data files of that folder."""
    (folder / "a.jsonl").touch()

    with pytest.raises(InputError, match=r"^no file matches 'b\*\.jsonl'; there is 'a\.jsonl'$"):
        fetch("b*.jsonl")


def test_a_misspelt_file_brings_the_similar_name(folder: Path) -> None:
    """A missing file with a close namesake is answered with that name."""
    (folder / "data").mkdir()
    (folder / "data/train.jsonl").touch()

    expected = r"^no such file: 'data/trian\.jsonl'; did you mean 'data/train\.jsonl'\?$"
    with pytest.raises(InputError, match=expected):
        fetch("data/trian.jsonl")


def test_a_missing_file_without_a_similar_name_is_only_missing(folder: Path) -> None:
    """No suggestion is better than a far-fetched one."""
    (folder / "notes.txt").touch()

    with pytest.raises(InputError, match=r"^no such file: 'train\.jsonl'$"):
        fetch("train.jsonl")


def test_a_missing_folder_is_named(folder: Path) -> None:
    """Where even the folder is missing, that is the thing to say."""
    with pytest.raises(InputError, match=r"'dta/train\.jsonl' \(nor a folder 'dta'\)$"):
        fetch("dta/train.jsonl")


def test_a_line_break_in_the_path_shows_and_stays_on_one_line(folder: Path) -> None:
    """The newline that a YAML block leaves at the end of a path is made visible."""
    (folder / "a.jsonl").touch()

    with pytest.raises(
        InputError, match=r"^no such file: 'a\.jsonl\\n'; did you mean 'a.jsonl'\?$"
    ):
        fetch("a.jsonl\n")


def test_a_folder_in_place_of_a_file_offers_its_data_files(folder: Path) -> None:
    """A folder is refused with a glob and with names that would work."""
    (folder / "data").mkdir()
    (folder / "data/train.jsonl").touch()

    expected = r"'data' is a folder; .* 'data/\*\.jsonl'; there is 'data/train\.jsonl'$"
    with pytest.raises(InputError, match=expected):
        fetch("data")


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("", "path is empty"),
        ("a\0b", "cannot read .*null byte"),
        ("a" * 300, "cannot read .*name too long"),
    ],
)
def test_a_path_that_no_file_can_have_is_one_line(location: str, expected: str) -> None:
    """Paths that the system refuses end in a message, not in a traceback."""
    with pytest.raises(InputError, match=expected):
        fetch(location)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter (pytest's own are private), left as an ordinary user."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        is_root = os.geteuid() == 0
        (folder / "a.jsonl").write_bytes(b"secret")
        (folder / "a.jsonl").chmod(0)
        if is_root:
            os.seteuid(65534)
        yield folder
        if is_root:
            os.seteuid(0)


@pytest.mark.parametrize("location", ["a.jsonl", "*.jsonl"])
def test_a_file_that_may_not_be_read_says_so(open_folder: Path, location: str) -> None:
    """A lack of permission is told apart from a missing file, also behind a glob."""
    with pytest.raises(InputError, match=r"^no permission to read '.*a\.jsonl'; chmod"):
        fetch(str(open_folder / location))


def test_standard_input_is_spooled_and_removed_at_exit(tmp_path: Path) -> None:
    """`-` is a real file, named <stdin>, for as long as the process lives."""
    run = subprocess.run(
        [sys.executable, "-c", SHOW_SOURCES, "-"], input=b"piped", capture_output=True, check=True
    )

    name, path, content = run.stdout.decode().split()
    assert (name, content) == ("<stdin>", "b'piped'")
    assert path.endswith(".jsonl")
    assert not Path(path).exists()


@pytest.mark.parametrize("names", [("-", "-"), ("-", "/dev/stdin"), ("/dev/stdin", "/dev/stdin")])
def test_standard_input_may_be_named_twice(names: tuple[str, str]) -> None:
    """It can be read only once, so that the second name means what the first one read."""
    run = subprocess.run(
        [sys.executable, "-c", SHOW_SOURCES, *names],
        input=b"piped",
        capture_output=True,
        check=True,
    )

    first, second = (line.split() for line in run.stdout.decode().splitlines())
    assert first[1:] == second[1:]
    assert first[2] == "b'piped'"


def test_compressed_standard_input_gets_the_suffix_of_its_compression() -> None:
    """What comes through a pipe without a name is recognised by its first bytes."""
    run = subprocess.run(
        [sys.executable, "-c", SHOW_SOURCES, "-"],
        input=b"\x1f\x8b rest",
        capture_output=True,
        check=True,
    )

    assert run.stdout.decode().split()[1].endswith(".jsonl.gz")


def test_a_closed_standard_input_is_an_input_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that is started without standard input is told so."""
    monkeypatch.setattr(sys, "stdin", None)

    with pytest.raises(InputError, match="standard input is closed"):
        fetch("-")


def test_dev_stdin_is_spooled_even_if_it_is_a_regular_file(tmp_path: Path) -> None:
    """The path /dev/stdin means something else in a worker process, so it is never handed on."""
    data = tmp_path / "a.jsonl"
    data.write_bytes(b"redirected")
    with data.open("rb") as stdin:
        run = subprocess.run(
            [sys.executable, "-c", SHOW_SOURCES, "/dev/stdin"],
            stdin=stdin,
            capture_output=True,
            check=True,
        )

    name, path, content = run.stdout.decode().split()
    assert (name, content) == ("/dev/stdin", "b'redirected'")
    assert path not in ("/dev/stdin", str(data))


def test_a_named_pipe_is_spooled(folder: Path) -> None:
    """A pipe can be read once only, so its content is kept in a file."""
    os.mkfifo("pipe")
    writer = threading.Thread(target=(folder / "pipe").write_bytes, args=[b"through the pipe"])
    writer.start()

    (file,) = fetch("pipe")
    writer.join()

    assert file.name == "pipe"
    assert [file.path.read_bytes(), file.path.read_bytes()] == [b"through the pipe"] * 2

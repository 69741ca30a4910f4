"""What `dataset-tools fix` reads and writes, what it refuses to write over, and what it says."""

import os
from pathlib import Path

import pytest
from cli_runs import run

DATA = b'{"text": "a"}\n\n{"text": "b"}\n'
FIXED = b'{"text": "a"}\n{"text": "b"}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data.jsonl").write_bytes(DATA)
    return tmp_path


def test_in_place_parts_no_hard_links(folder: Path) -> None:
    """A file with a second name is left alone, and why is said in a line."""
    os.link(folder / "data.jsonl", folder / "other.jsonl")

    done = run("fix", "data.jsonl", "--in-place", cwd=folder)

    assert done.returncode == 2
    assert b"data.jsonl: has 2 hard links" in done.stderr
    assert done.stderr.count(b"\n") == 1
    assert (folder / "data.jsonl").read_bytes() == DATA
    assert (folder / "data.jsonl").samefile(folder / "other.jsonl")


def test_in_place_heeds_a_missing_write_permission(folder: Path) -> None:
    """A read-only file is not written over, though its folder would allow it."""
    (folder / "data.jsonl").chmod(0o444)

    done = run("fix", "data.jsonl", "--in-place", cwd=folder)

    assert done.returncode == 2
    assert b"data.jsonl: no permission to write over it; give -o OUT" in done.stderr
    assert (folder / "data.jsonl").read_bytes() == DATA


@pytest.mark.parametrize("link", [False, True])
def test_in_place_keeps_the_owner(link: bool, folder: Path) -> None:
    """Owner and group are those of before; root checks it with another's file."""
    path = folder / "data.jsonl"
    if os.geteuid() == 0:
        os.chown(path, 12345, 23456)
    if link:
        (folder / "link.jsonl").symlink_to("data.jsonl")
    before = path.stat()

    done = run("fix", "link.jsonl" if link else "data.jsonl", "--in-place", cwd=folder)

    after = path.stat()
    assert (done.returncode, path.read_bytes()) == (0, FIXED)
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)


def test_in_place_decodes_a_file_that_is_sound_otherwise(folder: Path) -> None:
    """UTF-16 becomes UTF-8 in the file itself."""
    (folder / "data.jsonl").write_bytes(FIXED.decode().encode("utf-16"))

    done = run("fix", "data.jsonl", "--in-place", cwd=folder)

    assert b"data.jsonl: 1 fix; written to data.jsonl" in done.stderr
    assert (folder / "data.jsonl").read_bytes() == FIXED


def test_without_a_path_the_recipe_names_the_data(folder: Path) -> None:
    """Its train_data is mended, if it is one file."""
    (folder / "recipe.yaml").write_text("train_data: data.jsonl\n")

    done = run("fix", "--recipe", "recipe.yaml", "-o", "out.jsonl", cwd=folder)

    assert done.returncode == 0
    assert (folder / "out.jsonl").read_bytes() == FIXED


@pytest.mark.parametrize(
    ("recipe", "arguments", "message"),
    [
        ("chunk_size: 512", ["--recipe", "recipe.yaml"], "the recipe has no train_data"),
        ('train_data: "*.jsonl"', ["--recipe", "recipe.yaml"], "train_data: means 2 files, expec"),
        ("", [], "no data given; name a PATH, or a --recipe that has train_data"),
        ("", ["."], "'.' is a folder; name one file in it"),
        ("", [""], "the data's path is empty"),
        ("", ["data.jsonl", "--select", ""], "--select: names no rule; those that can be mended"),
        ("", ["data.jsonl", "-o", "s3://x/y"], "s3://x/y: outputs are local files"),
        ("", ["data.jsonl", "-o", ""], "-o: the name is empty"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    recipe: str, arguments: list[str], message: str, folder: Path
) -> None:
    """One line says what is wrong, and gives no advice that is refused in turn."""
    (folder / "recipe.yaml").write_text(recipe)
    (folder / "other.jsonl").write_bytes(DATA)
    output = [] if "-o" in arguments else ["-o", "out.txt"]

    done = run("fix", *arguments, *output, cwd=folder)

    assert done.returncode == 2
    assert message in done.stderr.decode()
    assert "*" not in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
    assert not (folder / "out.txt").exists()


@pytest.mark.parametrize(
    "command",
    [
        ["split", "--validation", "1", "-o"],
        ["convert", "--to", "text", "-o"],
        ["lint", "--output-file"],
        ["lint", "--write-baseline"],
        ["stats", "--output-file"],
        ["preview", "--html"],
    ],
)
def test_no_command_writes_to_an_address(command: list[str], folder: Path) -> None:
    """Outputs are local files everywhere, and no folder of the scheme's name is made."""
    done = run(*command, "s3://x/y", "data.jsonl", cwd=folder)

    assert done.returncode == 2
    assert b"s3://x/y: outputs are local files" in done.stderr
    assert [path.name for path in folder.iterdir()] == ["data.jsonl"]


def test_advice_for_standard_input_names_standard_input(folder: Path) -> None:
    """No file is called <stdin>."""
    done = run("fix", "-", "--diff", cwd=folder, stdin=b'{"text": 1}\n' + DATA)

    assert b"would be left: 1 error; see dataset-tools lint -\n" in done.stderr


@pytest.mark.parametrize("encoding", ["gbk", "shift_jis"])
def test_why_a_file_stays_in_its_encoding_is_told(encoding: str, folder: Path) -> None:
    """Encodings of two bytes a character are not guessed, which is said once."""
    text = "\u6c34\u4e2d\u5c71\u5ddd"
    lines = [f'{{"text": "{text * n}"}}\n'.encode(encoding) for n in range(1, 5)]
    (folder / "data.jsonl").write_bytes(b"".join(lines))

    done = run("fix", "data.jsonl", "--diff", cwd=folder)
    ignored = run("fix", "data.jsonl", "--diff", "--ignore", "DT002", cwd=folder)

    assert done.stderr.count(b"not re-encoded (DT002): no encoding of one byte a character") == 1
    assert b"not re-encoded" not in ignored.stderr

"""Where `dataset-tools fix` writes, and what it refuses to write over."""

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

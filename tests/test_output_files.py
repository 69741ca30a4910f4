"""Output files appear whole, or not at all."""

import errno
import os
from pathlib import Path
from threading import Thread

import pytest

from dataset_tools.errors import InputError
from dataset_tools.output_files import cannot_be_written, replacing


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_finished_block_replaces_the_file(tmp_path: Path) -> None:
    """The new content is there, nothing else is left, and the umask holds as for any new file."""
    path = tmp_path / "out.txt"
    path.write_text("old")
    plain = tmp_path / "plain.txt"
    plain.touch()

    with replacing(path) as stream:
        stream.write(b"new")

    assert path.read_text() == "new"
    assert names_in(tmp_path) == ["out.txt", "plain.txt"]
    assert path.stat().st_mode == plain.stat().st_mode


def test_a_failed_block_leaves_what_was_there(tmp_path: Path) -> None:
    """An error half way keeps the old file and removes the new one's beginning."""
    path = tmp_path / "out.txt"
    path.write_text("old")

    with pytest.raises(RuntimeError, match="half way"), replacing(path) as stream:
        stream.write(b"ne")
        raise RuntimeError("half way")

    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["out.txt"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """There is no place to write beside the file: one message that names it."""
    message = r"nowhere/out\.txt: cannot be written"

    with pytest.raises(InputError, match=message), replacing(tmp_path / "nowhere" / "out.txt"):
        pass


def test_the_mode_of_a_replaced_file_is_kept(tmp_path: Path) -> None:
    """A file that others may not read stays so."""
    path = tmp_path / "out.txt"
    path.touch()
    path.chmod(0o640)

    with replacing(path) as stream:
        stream.write(b"new")

    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    """The bytes go where the link leads, in another folder too."""
    target = tmp_path / "folder" / "target.txt"
    target.parent.mkdir()
    target.write_text("old")
    link = tmp_path / "link.txt"
    link.symlink_to(target)

    with replacing(link) as stream:
        stream.write(b"new")

    assert link.is_symlink()
    assert target.read_text() == "new"
    assert names_in(target.parent) == ["target.txt"]


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    """A reader at a named pipe gets the bytes, and the pipe is still there."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received = []
    reader = Thread(target=lambda: received.append(pipe.read_bytes()), daemon=True)
    reader.start()

    with replacing(pipe) as stream:
        stream.write(b"new")
    reader.join(timeout=5)

    assert received == [b"new"]
    assert pipe.is_fifo()


def test_links_in_a_circle_are_named(tmp_path: Path) -> None:
    """A link that leads to itself is an input error."""
    link = tmp_path / "link"
    link.symlink_to(link)

    with pytest.raises(InputError, match="link: cannot be written"), replacing(link):
        pass


def test_a_folder_is_named(tmp_path: Path) -> None:
    """A folder cannot be written to as a file."""
    with pytest.raises(InputError, match="cannot be written: Is a directory"), replacing(tmp_path):
        pass


def test_owner_and_group_are_kept_where_permitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are asked for; who may not give files away writes all the same."""
    path = tmp_path / "out.txt"
    path.touch()
    path.chmod(0o640)
    asked = []

    def refuse(target: Path, user: int, group: int) -> None:
        asked.append((user, group))
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refuse)
    with replacing(path) as stream:
        stream.write(b"new")

    assert path.read_bytes() == b"new"
    assert asked == [(-1, path.stat().st_gid), (path.stat().st_uid, -1)]
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "free some space or name another output"),
        (errno.EROFS, "name an output in a folder that you may write to"),
        (errno.ENOENT, "make its folder first"),
        (errno.EIO, "name another output"),
    ],
)
def test_what_can_be_done_about_it_is_said(number: int, remedy: str) -> None:
    """Each failure is told with its remedy."""
    error = cannot_be_written("out.txt", OSError(number, "Failed"))

    assert str(error) == f"out.txt: cannot be written: Failed; {remedy}"

"""Output files appear whole, or not at all."""

from pathlib import Path

import pytest

from dataset_tools.errors import InputError
from dataset_tools.output_files import replacing


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

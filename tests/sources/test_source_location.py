import subprocess
import sys
from pathlib import Path

import pytest

from dataset_tools.errors import InputError
from dataset_tools.sources import SourceFile, display_name, fetch

SHA256_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("-", "<stdin>"),
        ("data/train.jsonl", "data/train.jsonl"),
        ("what?.jsonl", "what?.jsonl"),
        ("https://host/a.jsonl?token=secret", "https://host/a.jsonl"),
        ("https://host/a.jsonl#secret", "https://host/a.jsonl"),
        ("https://me:secret@host:8080/a@b.jsonl", "https://host:8080/a@b.jsonl"),
        ("https://secret@[::1]:80/a", "https://[::1]:80/a"),
        ("https://me:sec@ret@host/a", "https://host/a"),
        ("https://me:secr/et@host/a", "https://(unreadable address)"),
        ("https://me:secr?et@host/a", "https://(unreadable address)"),
        ("https://host/a\nsecret", "https://host/a"),
        ("hf://datasets/OWNER/NAME@REV#train", "hf://datasets/OWNER/NAME@REV#train"),
    ],
)
def test_the_shown_name_tells_the_place_and_hides_what_is_secret(
    location: str, expected: str
) -> None:
    """Credentials and query strings never show; everything else that names the data does."""
    assert expected == display_name(location)


@pytest.mark.parametrize("scheme", ["s3a", "azure", "ftp", "file"])
def test_a_scheme_without_a_source_is_named_with_what_is_supported(scheme: str) -> None:
    """An unsupported scheme is one line that says what to give in its place."""
    with pytest.raises(InputError, match=rf"^{scheme}://bucket/a: {scheme}:// is not .* give .+$"):
        fetch(f"{scheme}://bucket/a?secret=1")


def test_a_matching_sha256_passes_in_either_letter_case(tmp_path: Path) -> None:
    """The digest of the file's bytes is accepted, however it is spelled."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"abc")

    files = fetch(str(path), sha256=SHA256_OF_ABC.upper())

    assert [SourceFile(str(path), path)] == files


def test_another_sha256_names_what_was_expected_and_what_was_found(tmp_path: Path) -> None:
    """A mismatch shows both digests."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"abd")

    with pytest.raises(InputError, match=f"SHA-256 is a52d159f.*, expected {SHA256_OF_ABC}"):
        fetch(str(path), sha256=SHA256_OF_ABC)


def test_something_other_than_a_sha256_is_refused(tmp_path: Path) -> None:
    """A digest of another length or alphabet is not compared but named."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"abc")

    with pytest.raises(InputError, match=r"'abc' is not a SHA-256: expected 64 hex"):
        fetch(str(path), sha256="abc")


def test_several_locations_give_their_files_in_the_order_given(tmp_path: Path) -> None:
    """A list is not sorted, the files of a glob within it are."""
    for name in ("a.jsonl", "b.jsonl", "z.csv"):
        (tmp_path / name).touch()

    files = fetch([str(tmp_path / "z.csv"), str(tmp_path / "*.jsonl")])

    assert [file.path.name for file in files] == ["z.csv", "a.jsonl", "b.jsonl"]


def test_one_sha256_cannot_stand_for_a_list(tmp_path: Path) -> None:
    """Two locations and one digest contradict one another."""
    (tmp_path / "a.jsonl").touch()

    with pytest.raises(InputError, match="one SHA-256 is given for 2 files"):
        fetch([str(tmp_path / "a.jsonl")] * 2, sha256=SHA256_OF_ABC)


def test_one_sha256_cannot_stand_for_several_files(tmp_path: Path) -> None:
    """A glob over two files and one digest is a contradiction that the user must solve."""
    (tmp_path / "a.jsonl").touch()
    (tmp_path / "b.jsonl").touch()

    with pytest.raises(InputError, match="one SHA-256 is given for 2 files"):
        fetch(str(tmp_path / "*.jsonl"), sha256=SHA256_OF_ABC)


def test_reading_a_local_file_loads_no_http_client(tmp_path: Path) -> None:
    """A lint of ten local lines does not pay for libraries that only downloads need."""
    path = tmp_path / "a.jsonl"
    path.touch()
    program = (
        "import sys; from dataset_tools.sources import fetch; fetch(sys.argv[1]);"
        "print({'requests', 'tenacity', 'rich', 'filelock', 'platformdirs', 'fsspec', 'asyncio',"
        "'s3fs', 'gcsfs', 'adlfs', 'datasets', 'huggingface_hub'} & set(sys.modules))"
    )

    run = subprocess.run(
        [sys.executable, "-c", program, path], capture_output=True, text=True, check=True
    )

    assert run.stdout == "set()\n"

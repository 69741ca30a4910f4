"""Plain text: what a row is."""

from pathlib import Path

import pytest
from tables import outline, refusal, write

TEXT = "one\n two \n\n \t\nthree\r\nfour\n\n"


@pytest.mark.parametrize(
    ("sample_by", "expected"),
    [
        ("line", [(1, "one"), (2, " two "), (5, "three"), (6, "four")]),
        ("paragraph", [(1, "one\n two "), (5, "three\r\nfour")]),
        ("document", [(1, TEXT)]),
    ],
)
def test_rows_are_lines_paragraphs_or_the_document(
    sample_by: str, expected: list[tuple[int, str]], tmp_path: Path
) -> None:
    """With the number of the line on which they start; blank ones are skipped."""
    path = write(tmp_path, "x.txt", TEXT)

    assert [(number, {"text": text}) for number, text in expected] == outline(
        path, sample_by=sample_by
    )


@pytest.mark.parametrize("sample_by", ["line", "paragraph", "document"])
def test_a_blank_file_is_refused(sample_by: str, tmp_path: Path) -> None:
    """There is nothing in it to train on."""
    message = refusal(write(tmp_path, "x.txt", " \n\n"), sample_by=sample_by)

    assert message.startswith("x.txt: the file holds only the columns 'text' and no row")

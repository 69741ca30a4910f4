"""A file is cut into pieces that leave no byte out, small ones at its end."""

import pytest

from dataset_tools.lint.pieces import Piece, cut


@pytest.mark.parametrize("size", [0, 1, 79, 80, 81, 159, 160, 161, 250])
def test_pieces_follow_one_another_to_the_end(size: int) -> None:
    """Every byte is in one piece, whatever the size of the file."""
    pieces = cut(size, 80)

    assert list(range(size)) == [at for piece in pieces for at in range(piece.start, piece.end)]


def test_the_last_pieces_are_small() -> None:
    """The last whole piece, and what is left behind it, is cut in eighths of a piece."""
    eighths = [Piece(start, start + 10) for start in range(160, 260, 10)]

    assert cut(265, 80) == [Piece(0, 80), Piece(80, 160), *eighths, Piece(260, 265)]

"""Known shapes of training data, recognised by their columns.

A shape is one module and one line in the table below; the first that recognises its columns wins.
"""

from collections.abc import Collection

from dataset_tools.convert.shapes.column_pairs import COLUMN_PAIRS
from dataset_tools.convert.shapes.shape import Shape, ShapeChoices
from dataset_tools.convert.table import Row

__all__ = ["SHAPES", "Shape", "ShapeChoices", "recognise_shape"]

SHAPES: tuple[type[Shape], ...] = (
    *COLUMN_PAIRS,
)


def recognise_shape(
    columns: Collection[str], first_row: Row, choices: ShapeChoices
) -> Shape | None:
    """The shape of a table with these columns, or None where none is known.

    Raises InputError where there is one, but the user has a choice to make first.
    """
    for shape in SHAPES:
        recognised = shape.recognise(columns, first_row, choices)
        if recognised is not None:
            return recognised
    return None

"""Known shapes of training data, recognised by their columns.

A shape is one module and one line in the table below; the first that recognises its columns wins.
"""

from collections.abc import Callable, Collection

from dataset_tools.convert.shapes import column_pairs
from dataset_tools.convert.shapes.openai_messages import OpenAIMessages
from dataset_tools.convert.shapes.preference import PreferencePairs
from dataset_tools.convert.shapes.shape import Shape, ShapeChoices
from dataset_tools.convert.shapes.sharegpt import ShareGPTConversations
from dataset_tools.convert.table import Row

__all__ = ["SHAPES_WITH_WEIGHTS", "Shape", "ShapeChoices", "recognise_shape"]

Recogniser = Callable[[Collection[str], Row, ShapeChoices], Shape | None]

RECOGNISERS: dict[str, Recogniser] = {
    # before the chats, since some such sets hold the chosen side as a chat, too
    PreferencePairs.name: PreferencePairs.recognise,
    OpenAIMessages.name: OpenAIMessages.recognise,
    ShareGPTConversations.name: ShareGPTConversations.recognise,
    **{pair.name: pair.recognise for pair in column_pairs.COLUMN_PAIRS},
}


SHAPES_WITH_WEIGHTS = frozenset(
    pair.name for pair in column_pairs.COLUMN_PAIRS if pair.weight is not None
)


def recognise_shape(
    columns: Collection[str], first_row: Row, choices: ShapeChoices
) -> Shape | None:
    """The shape of a table with these columns, or None where none is known.

    Raises InputError where there is one, but the user has a choice to make first.
    """
    for recognise in RECOGNISERS.values():
        shape = recognise(columns, first_row, choices)
        if shape is not None:
            return shape
    return None

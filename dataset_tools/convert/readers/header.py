"""The names of columns, as the first row of a table gives them."""

from collections import Counter
from collections.abc import Sequence

from dataset_tools.convert.values import shown_name
from dataset_tools.errors import InputError

_LISTED = 5


def refuse_unless_names(cells: Sequence[str], place: str) -> None:
    """Raise InputError where a column would have no name, or two the same."""
    mend = "name each in that row, or give --no-header if it is data"
    nameless = [position for position, cell in enumerate(cells, start=1) if not cell.strip()]
    if nameless:
        columns = "column" if len(nameless) == 1 else "columns"
        verb = "has" if len(nameless) == 1 else "have"
        index = " (pandas writes its index so: index=False)" if nameless == [1] else ""
        raise InputError(
            f"{place}: {columns} {_listed(nameless)} of {len(cells)} {verb} no name{index}; {mend}"
        )
    name, times = Counter(cells).most_common(1)[0]
    if times > 1:
        positions = [position for position, cell in enumerate(cells, start=1) if cell == name]
        raise InputError(
            f"{place}: columns {_listed(positions)} are all named {shown_name(name)}, expected a "
            f"name for each; {mend}"
        )


def _listed(positions: Sequence[int]) -> str:
    more = f" and {len(positions) - _LISTED} more" if len(positions) > _LISTED else ""
    return ", ".join(map(str, positions[:_LISTED])) + more

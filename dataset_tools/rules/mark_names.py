"""How messages of the separator and stop sequence rules name a mark."""

from dataset_tools.marks import Mark

_GIVEN = {
    "flag": "given by flag",
    "configuration": "given in the configuration file",
    "recipe": "given in the recipe",
}


def origin_of(mark: Mark) -> str:
    """Where the mark comes from, so that a reader can tell whether to mend data or setting."""
    if mark.origin == "inferred":
        return f"which {mark.share:.1%} of the rows looked at end with"
    return _GIVEN[mark.origin]

"""How messages name a mark, and the share of rows that others differ from."""

from dataset_tools.marks import Mark

_GIVEN = {
    "flag": "given by flag",
    "configuration": "given in the configuration file",
    "recipe": "given in the recipe",
}


def origin_of(mark: Mark) -> str:
    """Where the mark comes from, so that a reader can tell whether to mend data or setting."""
    if mark.origin == "inferred":
        return f"which {percentage(mark.share)} of the rows looked at end with"
    return _GIVEN[mark.origin]


def percentage(share: float) -> str:
    """A share, 0 to 1, in words that say "all" only of everything."""
    if share == 1:
        return "all"
    return "over 99.9%" if share >= 0.9995 else f"{share:.1%}"

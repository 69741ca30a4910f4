"""What Axolotl says against a configuration, in one line instead of its seventy."""

from collections.abc import Mapping
from typing import Any

_MOST_NAMED = 3
_LONGEST_VALUE = 60  # characters of a wrong value that are quoted
_OWN_PREFIX = "Value error, "  # what pydantic puts before the words of Axolotl's own checks


def explain_validation_error(error: BaseException) -> str:
    """Each problem once, keys first; a key that may hold several types has a problem for each."""
    if not hasattr(error, "errors"):  # not pydantic's
        return f"Axolotl refuses the recipe: {' '.join(str(error).split())}"
    problems: dict[str, str] = {}
    for problem in error.errors():
        text = _explain(problem)
        problems.setdefault(str(problem["loc"][0]) if problem["loc"] else text, text)
    named = "; ".join(list(problems.values())[:_MOST_NAMED])
    more = f"; and {len(problems) - _MOST_NAMED} more" if len(problems) > _MOST_NAMED else ""
    return f"{named}{more} (from Axolotl)"


def _explain(problem: Mapping[str, Any]) -> str:
    message = " ".join(problem["msg"].removeprefix(_OWN_PREFIX).split())
    if not problem["loc"]:
        return message
    found = f"{problem['input']!r:.{_LONGEST_VALUE}}"
    return f"{problem['loc'][0]}: found {found}: {message[:1].lower()}{message[1:]}"

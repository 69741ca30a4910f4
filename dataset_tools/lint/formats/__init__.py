"""Output formats; a new one is a module here with a `render` function and a line below."""

from collections.abc import Callable, Mapping

from dataset_tools.lint.formats import github_format, json_format, text_format
from dataset_tools.lint.report import LintReport

FORMATS: dict[str, Callable[[LintReport], str]] = {
    "text": text_format.render,
    "json": json_format.render,
    "github": github_format.render,
}


def default_format(environment: Mapping[str, str]) -> str:
    """The format to use where none was asked for: GitHub's in its workflows, else text."""
    return "github" if environment.get("GITHUB_ACTIONS") == "true" else "text"

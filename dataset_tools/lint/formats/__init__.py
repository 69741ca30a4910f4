"""Output formats; a new one is a module here with a `render` function and a line below."""

from collections.abc import Callable, Mapping

from dataset_tools.lint.formats import (
    github_format,
    grouped_format,
    json_format,
    sarif_format,
    text_format,
)
from dataset_tools.lint.report import LintReport

FORMATS: dict[str, Callable[[LintReport], str]] = {
    "text": text_format.render,
    "grouped": grouped_format.render,
    "json": json_format.render,
    "github": github_format.render,
    "sarif": sarif_format.render,
}


def default_format(environment: Mapping[str, str]) -> str:
    """The format to use where none was asked for: GitHub's in its workflows, else text."""
    return "github" if environment.get("GITHUB_ACTIONS") == "true" else "text"


def render(report: LintReport, format_name: str, terminal_width: int | None = None) -> str:
    """The report in the format of this name.

    `terminal_width` is in columns, and None where the report does not go to a terminal; `grouped`
    wraps its lines to it.
    """
    if format_name == "grouped" and terminal_width is not None:
        from dataset_tools.lint.formats import grouped_terminal  # imports rich

        return grouped_terminal.render(report, terminal_width)
    return FORMATS[format_name](report)

"""Output formats; a new one is a module here with a `render` function and a line below."""

from collections.abc import Callable

from dataset_tools.lint.formats import json_format, text_format
from dataset_tools.lint.report import LintReport

FORMATS: dict[str, Callable[[LintReport], str]] = {
    "text": text_format.render,
    "json": json_format.render,
}

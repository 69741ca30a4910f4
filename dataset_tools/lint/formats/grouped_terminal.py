"""The grouped report on a terminal: coloured, and wrapped to its width.

Texts reach rich as `Text` only, so that brackets in the data are never read as markup.
"""

from io import StringIO

import click
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dataset_tools.findings import Severity
from dataset_tools.lint.formats import grouped_format
from dataset_tools.lint.formats.grouped_format import GroupedFile, grouped_files
from dataset_tools.lint.formats.text_format import cut_lines, file_line, summary_line
from dataset_tools.lint.report import LintReport

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold blue"}


def render(report: LintReport, width: int) -> str:
    """The report with ANSI colours, no line longer than `width` columns."""
    output = StringIO()
    console = Console(
        file=output,
        width=width,
        height=25,  # without one, rich takes its own width where TERM is dumb
        force_terminal=True,
        color_system="standard",
        no_color=False,
    )
    for file in grouped_files(report):
        console.print(_file(file), "")
    for line in cut_lines(report):
        console.print(Text(line))
    console.print(Text(click.unstyle(summary_line(report)), style="bold"))
    return "\n".join(line.rstrip(" ") for line in output.getvalue().removesuffix("\n").split("\n"))


def _file(file: GroupedFile) -> RenderableType:
    parts: list[RenderableType] = [Text(file_line(file.summary), style="bold")]
    parts += [Padding(_group(group), (1, 0, 0, 2)) for group in file.groups]
    return Group(*parts)


def _group(group: grouped_format.Group) -> RenderableType:
    places = Table.grid(padding=(0, 1))
    places.add_column(justify="right", no_wrap=True)
    places.add_column(overflow="fold")
    for place, message in group.places:
        places.add_row(Text(place, style="cyan"), Text(message))
    return Group(
        Text.assemble((group.code, _STYLES[group.severity]), " ", (group.title, "bold")),
        Padding(places, (0, 0, 0, 2)),
        Padding(Text(group.hint, style="dim"), (0, 0, 0, 2)),
    )

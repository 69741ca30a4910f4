"""Help of a command with many options, in groups."""

from collections.abc import Mapping
from typing import Any

import click


class GroupedCommand(click.Command):
    """A command whose help lists its options under headings, and the rest under Run.

    `groups` names the options of each heading, as Python spells them.
    """

    def __init__(self, *args: Any, groups: Mapping[str, tuple[str, ...]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.groups = groups

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        records = {
            param.name: record
            for param in self.get_params(ctx)
            if isinstance(param, click.Option) and (record := param.get_help_record(ctx))
        }
        for title, names in self.groups.items():
            if names:
                with formatter.section(title):
                    formatter.write_dl([records.pop(name) for name in names])
        with formatter.section("Run"):
            formatter.write_dl(list(records.values()))  # --help, whose name depends on click

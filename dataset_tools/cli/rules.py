"""`dataset-tools rules`: list the lint rules, or explain one."""

from difflib import get_close_matches

import click

from dataset_tools.errors import InputError
from dataset_tools.rules import RULES
from dataset_tools.rules.page import rule_page


@click.command(name="rules")
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """List the lint rules, or explain the one with CODE.

    \b
    Examples:
      dataset-tools rules
      dataset-tools rules DT301
    """
    if code is not None:
        if code.upper() not in RULES:
            close = get_close_matches(code.upper(), RULES, n=1)
            hint = f"did you mean '{close[0]}'?" if close else "'dataset-tools rules' lists them"
            raise InputError(f"unknown rule code '{code}'; {hint}")
        click.echo(rule_page(RULES[code.upper()]), nl=False)
        return
    for rule in RULES.values():
        click.echo(f"{rule.code}  {rule.severity.value:<7}  {rule.name}")

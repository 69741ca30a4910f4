"""A rule's page: its docstring under a heading, as the command line and the docs show it."""

import re
from inspect import cleandoc

from dataset_tools.rules.rule import Rule

_FENCE = re.compile("^```.*\n", re.MULTILINE)
_HEADING = re.compile("^#+ ", re.MULTILINE)


def rule_page(rule: type[Rule]) -> str:
    """The rule's documentation in Markdown."""
    fixable = "yes" if rule.fixable else "no"
    facts = f"Severity: {rule.severity}. Fixable: {fixable}."
    return f"# {rule.code}: {rule.name}\n\n{facts}\n\n{cleandoc(rule.__doc__ or '')}\n"


def rule_summary(rule: type[Rule]) -> str:
    """What the rule reports, in whole sentences: the first section of its page."""
    _, _, first = cleandoc(rule.__doc__ or "").partition("## What it does\n\n")
    return first.partition("\n\n## ")[0]


def plain_page(rule: type[Rule]) -> str:
    """The page without Markdown's signs for headings and blocks of code."""
    prose_and_code = _FENCE.split(rule_page(rule))  # in turn
    prose_and_code[::2] = [_HEADING.sub("", prose) for prose in prose_and_code[::2]]
    return "".join(prose_and_code)

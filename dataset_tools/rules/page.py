"""A rule's page: its docstring under a heading, as the command line and the docs show it."""

from inspect import cleandoc

from dataset_tools.rules.rule import Rule


def rule_page(rule: type[Rule]) -> str:
    """The rule's documentation in Markdown."""
    fixable = "yes" if rule.fixable else "no"
    facts = f"Severity: {rule.severity}. Fixable: {fixable}."
    return f"# {rule.code}: {rule.name}\n\n{facts}\n\n{cleandoc(rule.__doc__ or '')}\n"

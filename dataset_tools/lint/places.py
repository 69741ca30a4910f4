"""Places: from a character of a decoded string to the column of the line that spells it."""

from dataset_tools.json_scanner import position_in_literal, scan_line
from dataset_tools.rules.rule import END_OF_VALUE, START_OF_KEY, Problem


def column_of(problem: Problem, line_text: str) -> int:
    """The 1-based column a problem points at in its line."""
    if problem.key is None:
        return problem.column
    members = [member for member in scan_line(line_text).members if member.key == problem.key]
    if not members:
        return problem.column
    member = members[-1]  # of equal keys, the one that counts
    if problem.offset is None:
        return member.value_at + 1
    if problem.offset == START_OF_KEY:
        return member.key_at + 1
    if problem.offset == END_OF_VALUE:
        return member.value_end
    return position_in_literal(line_text, member.value_at, problem.offset) + 1

"""What the rules about keys and values share: the members of a line that is a JSON object."""

from dataset_tools.json_scanner import Container, Member
from dataset_tools.record_batch import OddLine


def members_by_key(line: OddLine) -> dict[str, Member] | None:
    """The object's members, the last of equal keys; None where the line is no readable object."""
    scan = line.scan
    if scan is None or scan.syntax_error is not None or scan.unreadable is not None:
        return None
    if scan.value != Container("object"):
        return None
    return {member.key: member for member in scan.members}


def has_constant_at(line: OddLine, at: int) -> bool:
    """Whether the value at this position is spelt NaN or Infinity, which DT106 reports."""
    return line.scan is not None and any(constant.at == at for constant in line.scan.constants)

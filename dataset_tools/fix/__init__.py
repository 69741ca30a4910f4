"""Fix: the edits that rules propose, carried out. Nothing here prints; `unified_diff` renders.

A file is looked at with lint's own rules, the edits of the first stage that has any are made in a
copy, and so on until no rule proposes another: what is left is what lint cannot mend, and to fix
the result again changes nothing.
"""

from dataset_tools.fix.fixer import Fixed, Mended, fixed
from dataset_tools.fix.unified_diff import unified_diff

__all__ = ["Fixed", "Mended", "fixed", "unified_diff"]

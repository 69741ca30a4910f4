"""What a lint run checks and against what, whichever of flags and recipe it comes from."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from dataset_tools.errors import InputError
from dataset_tools.rules import RULES, Rule

DEFAULT_MAX_FINDINGS = 1000  # listed, for each code


@dataclass(frozen=True, slots=True)
class GivenMark:
    """A separator or stop sequence asked for; an empty text says that there is none."""

    text: str
    origin: Literal["flag", "recipe"]


@dataclass(frozen=True, slots=True)
class LintSettings:
    """The choices of one run; a mark that is None is inferred from the data."""

    separator: GivenMark | None = None
    stop_sequence: GivenMark | None = None
    rules: tuple[type[Rule], ...] = tuple(RULES.values())
    max_findings: int = DEFAULT_MAX_FINDINGS
    baseline: frozenset[str] | None = None  # fingerprints of findings that don't count
    wants_fingerprints: bool = False


def choose_rules(select: Iterable[str] = (), ignore: Iterable[str] = ()) -> tuple[type[Rule], ...]:
    """The rules whose codes start with one of `select` (all if empty) and none of `ignore`.

    Raises InputError on a code that no rule has.
    """
    selected = [_known_prefix(code) for code in select] or ["DT"]
    ignored = tuple(_known_prefix(code) for code in ignore)
    return tuple(
        rule
        for code, rule in RULES.items()
        if code.startswith(tuple(selected)) and not code.startswith(ignored)
    )


def _known_prefix(code: str) -> str:
    prefix = code.strip().upper()
    if prefix and any(known.startswith(prefix) for known in RULES):
        return prefix
    close = get_close_matches(prefix, RULES, n=1)
    hint = f"did you mean '{close[0]}'?" if close else "'dataset-tools rules' lists them"
    raise InputError(f"unknown rule code '{code.strip()}'; {hint}")

"""What a lint run checks and against what, whether it comes from flag, file, recipe or default."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, field

from dataset_tools.errors import InputError
from dataset_tools.lint.baseline import Baseline
from dataset_tools.rules import RULES, Rule
from dataset_tools.sources import SourceFile
from dataset_tools.tokens import TrainingFormat

if TYPE_CHECKING:
    from dataset_tools.tokenizer import ModelTokenizer

DEFAULT_MAX_FINDINGS = 1000  # listed, for each code
_FAMILY_LENGTH = 3  # characters: DT6; a shorter prefix names no opt-in rule


class GivenMark(Struct, frozen=True):
    """A separator or stop sequence asked for; an empty text says that there is none."""

    text: str
    origin: Literal["flag", "configuration", "recipe"]


class LintSettings(Struct, frozen=True):
    """The choices for one file; a mark that is None is inferred from the data.

    Worker processes are sent it, so whatever it holds must be picklable.
    """

    separator: GivenMark | None = None
    stop_sequence: GivenMark | None = None
    rules: tuple[type[Rule], ...] = tuple(rule for rule in RULES.values() if rule.is_default)
    max_findings: int = DEFAULT_MAX_FINDINGS
    options: Mapping[str, float] = field(default_factory=dict)  # the thresholds given, by name
    schema: Mapping[str, Any] | bool | None = None  # a JSON Schema for completions
    inference_prompt: str | None = None
    validation_data: tuple[SourceFile, ...] = ()  # what training records must not be in
    tokenizer: "ModelTokenizer | None" = None
    training_format: TrainingFormat = field(default_factory=TrainingFormat)
    baseline: Baseline | None = None  # findings that don't count
    wants_fingerprints: bool = False


def choose_rules(select: Iterable[str] = (), ignore: Iterable[str] = ()) -> tuple[type[Rule], ...]:
    """The rules whose codes start with one of `select` (all if empty) and none of `ignore`.

    An opt-in rule is chosen only where `select` holds its code or its family, such as DT6.
    Raises InputError on a code that no rule has.
    """
    selected = tuple(map(known_prefix, select)) or ("DT",)
    opted_in = tuple(prefix for prefix in selected if len(prefix) >= _FAMILY_LENGTH)
    ignored = tuple(map(known_prefix, ignore))
    return tuple(
        rule
        for code, rule in RULES.items()
        if code.startswith(selected if rule.is_default else opted_in)
        and not code.startswith(ignored)
    )


def known_prefix(code: str) -> str:
    """The code, or beginning of codes, as rules spell it; raises InputError if none has it."""
    prefix = code.strip().upper()
    if prefix and any(known.startswith(prefix) for known in RULES):
        return prefix
    from difflib import get_close_matches

    close = get_close_matches(prefix, RULES, n=1)
    hint = f"did you mean '{close[0]}'?" if close else "'dataset-tools rules' lists them"
    raise InputError(f"unknown rule code '{code.strip()}'; {hint}")

"""The keys of a configuration file: what each may hold, and where its paths start.

The keys are named like the flags of `dataset-tools lint`; the rules' thresholds are among them.
"""

import glob
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from dataset_tools.errors import InputError
from dataset_tools.home_folder import with_home
from dataset_tools.lint.formats import FORMATS
from dataset_tools.lint.settings import known_prefix
from dataset_tools.rules import RULES, Rule, RuleOption
from dataset_tools.sources.location import scheme_of

Kind = Literal["codes", "text", "mark", "path", "location", "tokenizer", "integer", "number"]

FAIL_ON_CHOICES = ("error", "warning", "never")
SMALLEST_CHUNK = 4  # tokens: BOS, one of prompt and completion each, EOS

_SPELT_ESCAPE = re.compile(r"\\[ntr]")


class ConfigurationKey(Struct, frozen=True):
    """One key: what it may hold, and whether a glob's own table may hold it."""

    name: str
    kind: Kind
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    per_file: bool = False

    @property
    def expected(self) -> str:
        """What the key may hold, for messages."""
        if self.choices:
            return "one of " + ", ".join(f"'{choice}'" for choice in self.choices)
        nouns: dict[Kind, str] = {
            "codes": "a list of rule codes",
            "text": "a text",
            "mark": "a text",
            "path": "a path",
            "location": "a path, a glob or a URL",
            "tokenizer": "a folder or a hub name",
            "integer": "a whole number",
            "number": "a number",
        }
        limits = [
            f"of {self.minimum:g} or more" if self.minimum is not None else "",
            f"up to {self.maximum:g}" if self.maximum is not None else "",
        ]
        return " ".join([nouns[self.kind], *filter(None, limits)])

    def read(self, value: object, folder: Path = Path()) -> Any:
        """The value, checked; a relative path starts at `folder`.

        Raises InputError with what was found and what was expected; the caller adds the place.
        """
        if not self._is_allowed(value):
            raise InputError(f"found {_spelt(value)}, expected {self.expected}")
        match self.kind, value:
            case "codes", list():
                return [known_prefix(code) for code in value]
            case "mark", str():
                _check_spelling(value)
            case "path", str():
                return folder / with_home(value)
            case "location", str():
                return _located(value, folder)
            case "tokenizer", str() if value.startswith(("./", "../")):
                return str((folder / value).absolute())  # anything else may be a hub name
        return value

    def _is_allowed(self, value: object) -> bool:
        match self.kind:
            case "codes":
                return isinstance(value, list) and all(isinstance(code, str) for code in value)
            case "integer":
                return type(value) is int and self._in_range(value)
            case "number":
                return type(value) in (int, float) and self._in_range(value)
            case "text" | "mark":
                return isinstance(value, str) and (not self.choices or value in self.choices)
            case _:
                return isinstance(value, str) and value != ""

    def _in_range(self, value: Any) -> bool:
        return (
            math.isfinite(value)
            and (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
        )


def rule_options(rules: Iterable[type[Rule]]) -> dict[str, RuleOption]:
    """The thresholds that the rules declare, by name; rules may share one."""
    return {option.name: option for rule in rules for option in rule.options}


def threshold_key(option: RuleOption) -> ConfigurationKey:
    """The key for a rule's threshold, which is whole where its default is."""
    kind: Kind = "integer" if isinstance(option.default, int) else "number"
    return ConfigurationKey(option.name, kind, option.minimum, option.maximum, per_file=True)


def configuration_keys() -> dict[str, ConfigurationKey]:
    """All keys by name, the thresholds of the rules included."""
    keys = (
        ConfigurationKey("select", "codes", per_file=True),
        ConfigurationKey("ignore", "codes", per_file=True),
        ConfigurationKey("fail-on", "text", choices=FAIL_ON_CHOICES),
        ConfigurationKey("format", "text", choices=tuple(FORMATS)),
        ConfigurationKey("output-file", "path"),
        ConfigurationKey("max-findings", "integer", minimum=0),
        ConfigurationKey("separator", "mark", per_file=True),
        ConfigurationKey("stop-sequence", "mark", per_file=True),
        ConfigurationKey("recipe", "path"),
        ConfigurationKey("validation-data", "location"),
        ConfigurationKey("tokenizer", "tokenizer"),
        ConfigurationKey("chunk-size", "integer", minimum=SMALLEST_CHUNK),
        ConfigurationKey("schema", "path"),
        ConfigurationKey("inference-prompt", "mark"),
        ConfigurationKey("baseline", "path"),
        ConfigurationKey("jobs", "integer", minimum=1),
        *map(threshold_key, rule_options(RULES.values()).values()),
    )
    return {key.name: key for key in keys}


def _spelt(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "a table" if isinstance(value, dict) else f"{value!r:.40}"


def _check_spelling(mark: str) -> None:
    if _SPELT_ESCAPE.search(mark):
        raise InputError(
            f"found a backslash and a letter in '{mark}', expected the character they stand for; "
            f'TOML reads escapes in double quotes only: "{mark}"'
        )


def _located(location: str, folder: Path) -> str:
    if location == "-" or location.startswith("~") or scheme_of(location):
        return location
    if folder == Path() or Path(location).is_absolute():
        return location
    start = glob.escape(str(folder)) if glob.has_magic(location) else str(folder)
    return str(Path(start, location))

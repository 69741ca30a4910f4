"""The recipe keys of this project: types, ranges and defaults, and what each becomes in Axolotl.

The table is the only place that knows them; the command line, the Axolotl plugin and the docs
read it. Names and defaults follow Replicate's Llama 2 trainer.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping
from types import GenericAlias
from typing import Any

from msgspec import Struct

from dataset_tools.errors import InputError
from dataset_tools.prompt_format import DEFAULT_SEPARATOR
from dataset_tools.tokens import ON_TOO_LONG_CHOICES

_LONGEST_VALUE = 60  # characters of a wrong value that a message quotes


class RecipeKey(Struct, frozen=True):
    """One key: what it may hold, its default, and the Axolotl key of the same meaning."""

    name: str
    kind: type[bool] | type[int] | type[float] | type[str]
    default: Any
    axolotl_name: str | None = None
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    may_be_list: bool = False  # of values of its kind, one at least

    @property
    def declared_type(self) -> Any:
        """The type to declare to Axolotl."""
        return self.kind | GenericAlias(list, (self.kind,)) if self.may_be_list else self.kind

    @property
    def expected(self) -> str:
        """What the key may hold, for messages and docs."""
        if self.choices:
            return "one of " + ", ".join(f"'{choice}'" for choice in self.choices)
        noun = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
        limits = [
            f"of {self.minimum:.15g} or more" if self.minimum is not None else "",
            f"above {self.above:.15g}" if self.above is not None else "",
            f"up to {self.maximum:.15g}" if self.maximum is not None else "",
        ]
        either = f", or a list of {noun[self.kind].split()[-1]}s" if self.may_be_list else ""
        return " ".join([noun[self.kind], *filter(None, limits)]) + either

    def read(self, value: object) -> Any:
        """The value in the key's own type; raises InputError naming key, value and expectation."""
        several = self.may_be_list and isinstance(value, list) and len(value) > 0
        values: list[Any] = value if several else [value]  # type: ignore[assignment]
        converted = [self._converted(each) for each in values]
        if not all(each is not None and self._in_range(each) for each in converted):
            found = "nothing" if value is None else _shortened(repr(value))
            raise InputError(f"{self.name}: found {found}, expected {self.expected}")
        return converted if several else converted[0]

    def _converted(self, value: object) -> Any:
        if isinstance(value, bool) != (self.kind is bool):
            return None
        if self.kind is float and isinstance(value, int | str):
            return _number(value)  # YAML reads 1e-4 as a string: it wants 1.0e-4
        return value if isinstance(value, self.kind) else None

    def _in_range(self, value: Any) -> bool:
        return (
            (not isinstance(value, float) or math.isfinite(value))
            and (not self.choices or value in self.choices)
            and (self.minimum is None or value >= self.minimum)
            and (self.above is None or value > self.above)
            and (self.maximum is None or value <= self.maximum)
        )


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _number(value: int | str) -> float | None:
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


RECIPE_KEYS: dict[str, RecipeKey] = {
    key.name: key
    for key in (
        RecipeKey("train_data", str, None, may_be_list=True),
        RecipeKey("train_data_sha256", str, None),
        RecipeKey("validation_data", str, None, may_be_list=True),
        RecipeKey("run_validation", bool, True),
        RecipeKey("num_validation_samples", int, 50, minimum=1),
        RecipeKey("validation_batch_size", int, 1, "eval_batch_size", minimum=1),
        RecipeKey("validation_prompt", str, None, may_be_list=True),
        RecipeKey("num_train_epochs", float, 3, "num_epochs", above=0),
        RecipeKey("train_batch_size", int, 4, minimum=1),
        RecipeKey("micro_batch_size", int, 4, "micro_batch_size", minimum=1),
        RecipeKey("learning_rate", float, 1e-4, "learning_rate", above=0),
        RecipeKey("learning_rate_multiplier", float, None, above=0),
        RecipeKey("pretraining_learning_rate", float, None, above=0),
        RecipeKey("chunk_size", int, 2048, "sequence_len", minimum=4),
        RecipeKey("pack_sequences", bool, False, "sample_packing"),
        RecipeKey("wrap_packed_sequences", bool, False),
        RecipeKey("peft_method", str, "lora", "adapter", choices=("lora", "qlora")),
        RecipeKey("seed", int, 42, "seed", minimum=0, maximum=2**32 - 1),
        RecipeKey("lora_rank", int, 8, "lora_r", minimum=1),
        RecipeKey("lora_alpha", int, 16, "lora_alpha", minimum=1),
        RecipeKey("lora_dropout", float, 0.05, "lora_dropout", minimum=0, maximum=1),
        RecipeKey("separator", str, DEFAULT_SEPARATOR),
        RecipeKey("stop_sequence", str, ""),
        RecipeKey("on_too_long", str, "truncate_prompt", choices=ON_TOO_LONG_CHOICES),
        RecipeKey("prompt_loss_weight", float, None, minimum=0, maximum=1),
        RecipeKey("prompt_loss_normalization", str, "weights", choices=("weights", "tokens")),
        RecipeKey(
            "prompt_loss_fusion",
            str,
            "auto",
            choices=("auto", "torch", "cut_cross_entropy", "liger", "none"),
        ),
    )
}

# described in the documentation of Replicate's or OpenAI's trainers, but not built yet: refused,
# since Axolotl would drop them without a word
UNSUPPORTED_KEYS = frozenset(
    {
        "webhook",
        "webhook_events_filter",
    }
)

OPENAI_ALIASES = {"n_epochs": "num_train_epochs", "batch_size": "train_batch_size"}
_CLOSENESS = 0.8  # difflib's ratio; 'seperator' to 'separator' is 0.89


def read_keys(recipe: Mapping[str, Any], names: Iterable[str] | None = None) -> dict[str, Any]:
    """The value of every key, or of those named, the default where the recipe has none.

    Null counts as none. Raises InputError on a wrong type or range, naming the key.
    """
    keys = RECIPE_KEYS.values() if names is None else map(RECIPE_KEYS.__getitem__, names)
    return {
        key.name: key.default if recipe.get(key.name) is None else key.read(recipe[key.name])
        for key in keys
    }


def resolve_aliases(recipe: MutableMapping[str, Any]) -> list[str]:
    """Rename OpenAI's keys to ours in the recipe; returns a line on each.

    Raises InputError where both names are given.
    """
    notes = []
    for alias, name in OPENAI_ALIASES.items():
        if recipe.get(alias) is None:
            continue
        if recipe.get(name) is not None:
            raise InputError(f"{alias} and {name}: both given, and both mean the same; keep one")
        recipe[name] = recipe.pop(alias)
        notes.append(f"{alias} is read as {name}")
    return notes


def check_names(recipe: Mapping[str, Any], axolotl_keys: Collection[str] = ()) -> None:
    """Refuse keys that would be ignored without a word, and keys given twice.

    A key is refused if it is a near miss of one of ours and none of Axolotl's, if this version
    does not support it, or if Axolotl's name for it is given as well. Raises InputError.
    """
    for problem in _name_problems(recipe, axolotl_keys):
        raise InputError(problem)
    axolotl_names = [key.axolotl_name for key in RECIPE_KEYS.values() if key.axolotl_name]
    check_spelling(recipe, RECIPE_KEYS, {*axolotl_keys, *axolotl_names})


def check_spelling(
    recipe: Mapping[str, Any], names: Collection[str], known: Collection[str] = ()
) -> None:
    """Refuse a near miss of one of the names that is not a known key itself; raises InputError."""
    from difflib import get_close_matches

    for key in recipe:
        if key in names or key in known:
            continue
        close = get_close_matches(str(key), names, n=1, cutoff=_CLOSENESS)
        if close:
            raise InputError(f"{key}: unknown key; did you mean '{close[0]}'?")


def _name_problems(recipe: Mapping[str, Any], axolotl_keys: Collection[str]) -> Iterator[str]:
    for name in recipe:
        if name in UNSUPPORTED_KEYS and name not in axolotl_keys:
            yield f"{name}: not supported by this version; remove the key"
    for key in RECIPE_KEYS.values():
        other = key.axolotl_name or key.name
        if other != key.name and recipe.get(key.name) is not None and recipe.get(other) is not None:
            yield f"{key.name} and {other}: both given, and both mean the same; keep one of them"
    multiplier = recipe.get("learning_rate_multiplier")
    if multiplier is not None and recipe.get("learning_rate") is not None:
        yield (
            "learning_rate_multiplier and learning_rate: both given, and the first decides the "
            "second; keep one of them"
        )
    if multiplier is None and recipe.get("pretraining_learning_rate") is not None:
        yield (
            "pretraining_learning_rate: has no effect without learning_rate_multiplier; give that "
            "too, or remove the key"
        )

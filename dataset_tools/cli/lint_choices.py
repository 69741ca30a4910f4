"""What a lint run was asked for: flag before configuration file, file before recipe, then defaults.

Files that the choices name (schema, baseline, tokenizer, validation data) are read here, once a
run; what differs from one data file to the next is settled by `settings_for`.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dataset_tools.cli.lint_options import THRESHOLDS
from dataset_tools.configuration import Configuration, find_configuration, read_configuration
from dataset_tools.errors import InputError
from dataset_tools.lint import LintSettings
from dataset_tools.lint.baseline import Baseline, read_baseline
from dataset_tools.lint.schema_file import read_schema
from dataset_tools.lint.settings import DEFAULT_MAX_FINDINGS, GivenMark, choose_rules
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.recipe import DataSettings
from dataset_tools.sources import SourceFile
from dataset_tools.tokenizer import ModelTokenizer, load_tokenizer
from dataset_tools.tokens import TrainingFormat

_TOKEN_RULES = "DT5"


class Choices(Struct, frozen=True):
    """Flags and a configuration file, each by key; a flag wins."""

    flags: Mapping[str, Any]
    configuration: Configuration

    def get(self, key: str, default: Any = None) -> Any:
        """What holds for the run as a whole."""
        return {**self.configuration.values, **self.flags}.get(key, default)

    def name_of(self, key: str) -> str:
        """Where the key was set, for messages."""
        return f"--{key}" if key in self.flags else f"{self.configuration.path}: {key}"

    @contextmanager
    def naming(self, key: str) -> Iterator[None]:
        """Errors about what the configuration file sets under the key name file and key."""
        try:
            yield
        except InputError as error:
            if key in self.flags or key not in self.configuration.values:
                raise
            raise InputError(f"{self.name_of(key)}: {error}") from error


def chosen_configuration(path: Path | None, no_config: bool) -> Configuration:
    """The configuration file that was named, or the nearest, or none."""
    if path is not None and no_config:
        raise InputError("--config and --no-config: give one of them")
    if no_config:
        return Configuration()
    return find_configuration() if path is None else read_configuration(path)


def run_settings(
    choices: Choices, recipe: DataSettings | None, validation: Iterable[SourceFile]
) -> LintSettings:
    """The settings that all files of a run share; raises InputError on what cannot be read."""
    baseline = choices.get("baseline")
    records_baseline = "write-baseline" in choices.flags
    return LintSettings(
        max_findings=choices.get("max-findings", DEFAULT_MAX_FINDINGS),
        schema=_schema(choices),
        inference_prompt=choices.get("inference-prompt"),
        validation_data=tuple(validation),
        tokenizer=_tokenizer(choices, recipe),
        training_format=recipe.training_format if recipe else TrainingFormat(),
        baseline=None if records_baseline else _baseline(choices),
        wants_fingerprints=(
            records_baseline or baseline is not None or choices.get("format") == "sarif"
        ),
    )


def _schema(choices: Choices) -> Any:
    path = choices.get("schema")
    with choices.naming("schema"):
        return None if path is None else read_schema(path)


def _baseline(choices: Choices) -> Baseline | None:
    path = choices.get("baseline")
    with choices.naming("baseline"):
        return None if path is None else read_baseline(path)


def settings_for(
    source: SourceFile, shared: LintSettings, choices: Choices, recipe: DataSettings | None
) -> LintSettings:
    """The settings for one file: the shared ones, and what globs of the configuration change."""
    from_file = choices.configuration.values_for(source)
    values = {**from_file, **choices.flags}
    separator, stop_sequence = (
        _mark(key, choices.flags, from_file, from_recipe)
        for key, from_recipe in (
            ("separator", recipe.separator if recipe else None),
            ("stop-sequence", recipe.stop_sequence if recipe else None),
        )
    )
    base = shared.training_format
    marks = base.prompt_format
    is_validation = source.path.resolve() in {
        each.path.resolve() for each in shared.validation_data
    }
    return replace(
        shared,
        separator=separator,
        stop_sequence=stop_sequence,
        rules=choose_rules(values.get("select", ()), values.get("ignore", ())),
        options={name: values[name] for name in THRESHOLDS if name in values},
        training_format=replace(
            base,
            prompt_format=PromptFormat(
                separator.text if separator else marks.separator,
                stop_sequence.text if stop_sequence else marks.stop_sequence,
            ),
            chunk_size=values.get("chunk-size", base.chunk_size),
        ),
        validation_data=() if is_validation else shared.validation_data,
    )


def _mark(
    key: str, flags: Mapping[str, Any], from_file: Mapping[str, Any], from_recipe: str | None
) -> GivenMark | None:
    if key in flags:
        return GivenMark(flags[key], "flag")
    if key in from_file:
        return GivenMark(from_file[key], "configuration")
    return None if from_recipe is None else GivenMark(from_recipe, "recipe")


def _tokenizer(choices: Choices, recipe: DataSettings | None) -> ModelTokenizer | None:
    """The tokenizer asked for by name or, with the token rules selected, the recipe's.

    Not the recipe's at all times: the base install, which has no tokenizers, lints recipes too.
    """
    name = choices.get("tokenizer")
    special_tokens = recipe.special_tokens if recipe else {}
    if name is not None:
        with choices.naming("tokenizer"):
            return load_tokenizer(name, special_tokens)
    if recipe is None or recipe.tokenizer is None:
        for key, wanted in (
            ("chunk-size", choices.get("chunk-size") is not None),
            ("select", _selects_token_rules(choices)),
        ):
            if wanted:
                raise InputError(
                    f"{choices.name_of(key)}: tokens are counted with a tokenizer only; give "
                    "--tokenizer, or a --recipe that names a base_model"
                )
        return None
    return (
        load_tokenizer(recipe.tokenizer, special_tokens) if _selects_token_rules(choices) else None
    )


def _selects_token_rules(choices: Choices) -> bool:
    if "select" in choices.flags:
        selections = [choices.flags["select"]]
    else:
        per_file = (each.values for each in choices.configuration.per_file)
        selections = [
            values.get("select", ()) for values in (choices.configuration.values, *per_file)
        ]
    return any(
        code.strip().upper().startswith(_TOKEN_RULES) for codes in selections for code in codes
    )

"""The options of `dataset-tools lint`, in groups, and what was given of them."""

from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import click

from dataset_tools.cli.options import color_option, mark_options, mark_text
from dataset_tools.configuration_keys import (
    FAIL_ON_CHOICES,
    SMALLEST_CHUNK,
    rule_options,
    threshold_key,
)
from dataset_tools.errors import InputError
from dataset_tools.lint.formats import FORMATS
from dataset_tools.lint.settings import DEFAULT_MAX_FINDINGS
from dataset_tools.rules import RULES, RuleOption

Command = TypeVar("Command", bound=Callable[..., Any])
AnyOption = Callable[[Command], Command]

THRESHOLDS = rule_options(RULES.values())
GROUPS = {
    "Data": ("recipe", "separator", "stop_sequence", "validation_data", "tokenizer", "chunk_size",
             "schema", "inference_prompt"),
    "Rules": ("select", "ignore", "fail_on", "baseline", "write_baseline"),
    "Thresholds": tuple(name.replace("-", "_") for name in THRESHOLDS),
    "Report": ("format", "output_file", "max_findings", "quiet", "no_color"),
    }  # fmt: skip


def lint_options(command: Command) -> Command:
    """Add all options; each is None, or an empty tuple, unless it is given."""
    thresholds = (threshold_option(option) for option in THRESHOLDS.values())
    marks = mark_options("inferred from the data")
    for option in reversed((marks, *_OPTIONS, *thresholds, color_option)):
        command = option(command)
    return command


def given_flags(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, by the names of the flags, which are those of configuration keys."""
    return {
        name.replace("_", "-"): list(chain(*value)) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value is not None and value != ()
    }


def rule_codes(value: str) -> list[str]:
    """Codes, or beginnings of codes, separated by commas or spaces."""
    return value.replace(",", " ").split()


def threshold_option(option: RuleOption) -> AnyOption[Any]:
    """The flag that sets a rule's threshold."""
    key = threshold_key(option)

    def read(text: str) -> float:
        try:
            number: float = int(text) if key.kind == "integer" else float(text)
        except ValueError as error:
            problem = f"found {text!r:.40}, expected {key.expected}"
            raise InputError(f"--{option.name}: {problem}") from error
        try:
            return key.read(number)  # type: ignore[no-any-return] # a number, as it was given
        except InputError as error:
            raise InputError(f"--{option.name}: {error}") from error

    return click.option(
        f"--{option.name}",
        type=read,
        metavar="N",
        help=f"{option.help} Default: {option.default:g}.",
    )


_FILE = click.Path(dir_okay=False, path_type=Path)
CONFIG_OPTIONS: tuple[AnyOption[Any], ...] = (
    click.option(
        "--config",
        type=_FILE,
        help="Read settings from this file. Default: dataset-tools.toml, or pyproject.toml with "
        "[tool.dataset-tools], of this folder or the nearest above.",
    ),
    click.option("--no-config", is_flag=True, help="Read no configuration file."),
)
_OPTIONS: tuple[AnyOption[Any], ...] = (
    click.option(
        "--validation-data",
        metavar="PATH",
        help="Report training records that are also in here. Default: the recipe's.",
    ),
    click.option(
        "--tokenizer",
        metavar="NAME",
        help="Count tokens with this tokenizer: a model folder or a hub name.",
    ),
    click.option(
        "--chunk-size",
        type=click.IntRange(min=SMALLEST_CHUNK),
        metavar="N",
        help="Tokens a sequence may have. Default: the recipe's, or 2048.",
    ),
    click.option("--schema", type=_FILE, help="A JSON Schema that every completion is to follow."),
    click.option(
        "--inference-prompt",
        type=mark_text,
        metavar="TEXT",
        help="A prompt as you will send it; it must end as the training prompts do.",
    ),
    click.option(
        "--select",
        type=rule_codes,
        metavar="CODES",
        multiple=True,
        help="Only these rules: DT3,DT401. Opt-in ones (DT403, DT6) run only if named so.",
    ),
    click.option(
        "--ignore",
        type=rule_codes,
        metavar="CODES",
        multiple=True,
        help="All but these rules: DT404.",
    ),
    click.option(
        "--fail-on",
        type=click.Choice(FAIL_ON_CHOICES),
        help="The least severity that makes the exit code 1. Default: error.",
    ),
    click.option("--baseline", type=_FILE, help="Findings recorded in this file don't count."),
    click.option(
        "--write-baseline",
        type=_FILE,
        help="Record all findings in this file, and exit with 0.",
    ),
    click.option(
        "--format",
        type=click.Choice(list(FORMATS)),
        help="How to write the report. Default: text; github in a GitHub workflow.",
    ),
    click.option(
        "--output-file", type=_FILE, help="Write the report here instead of to standard output."
    ),
    click.option(
        "--max-findings",
        type=click.IntRange(min=0),
        metavar="N",
        help=f"List at most so many findings a code; all are counted. "
        f"Default: {DEFAULT_MAX_FINDINGS}.",
    ),
    click.option("--quiet", "-q", is_flag=True, help="No progress bars."),
    *CONFIG_OPTIONS,
    click.option(
        "--jobs",
        "-j",
        type=click.IntRange(min=1),
        metavar="N",
        help="Processes to check with. Default: one for each core, fewer for small files.",
    ),
)

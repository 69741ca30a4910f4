"""What holds for a file: flag before configuration file, file before recipe; rules by choice."""

import pickle
import re
from collections import Counter
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from dataset_tools.cli.lint import command
from dataset_tools.cli.lint_choices import Choices, run_settings, settings_for
from dataset_tools.cli.lint_options import given_flags, threshold_option
from dataset_tools.configuration import Configuration, PerFile
from dataset_tools.errors import InputError
from dataset_tools.lint import LintSettings
from dataset_tools.lint.settings import GivenMark, choose_rules
from dataset_tools.prompt_format import PromptFormat
from dataset_tools.recipe import DataSettings
from dataset_tools.rules import RULES, Rule, RuleOption
from dataset_tools.sources import SourceFile
from dataset_tools.tokens import TrainingFormat

DATA = SourceFile("data.jsonl", Path("data.jsonl"))
HELD_OUT = SourceFile("heldout.jsonl", Path("heldout.jsonl"))
RECIPE = DataSettings(
    TrainingFormat(PromptFormat("#r", "END"), chunk_size=64),
    separator="#r",
    stop_sequence="END",
    tokenizer="./no-such-model",
)


class OptIn(Rule):
    code = "DT999"
    name = "runs where it is selected"
    is_default = False


@pytest.fixture
def opt_in(monkeypatch: pytest.MonkeyPatch) -> type[Rule]:
    monkeypatch.setitem(RULES, "DT999", OptIn)
    return OptIn


def settings(
    flags: dict[str, Any] | None = None,
    file: dict[str, Any] | None = None,
    per_file: dict[str, Any] | None = None,
    recipe: DataSettings | None = None,
    source: SourceFile = DATA,
) -> LintSettings:
    """The settings for one file in the current folder, with held-out data beside it."""
    configuration = Configuration(
        Path("dataset-tools.toml"), file or {}, (PerFile("*.jsonl", per_file or {}),)
    )
    choices = Choices(flags or {}, configuration)
    return settings_for(source, run_settings(choices, recipe, [HELD_OUT]), choices, recipe)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, None),
        ({"recipe": RECIPE}, GivenMark("#r", "recipe")),
        ({"recipe": RECIPE, "file": {"separator": "#f"}}, GivenMark("#f", "configuration")),
        (
            {"file": {"separator": "#f"}, "per_file": {"separator": ""}},
            GivenMark("", "configuration"),
        ),
        (
            {"recipe": RECIPE, "flags": {"separator": "#c"}, "per_file": {"separator": "#f"}},
            GivenMark("#c", "flag"),
        ),
    ],
)
def test_a_mark_comes_from_flag_file_or_recipe(
    given: dict[str, Any], expected: GivenMark | None
) -> None:
    """The first to name it wins, and it is known which it was."""
    assert expected == settings(**given).separator


def test_the_training_format_follows_what_was_given() -> None:
    """Marks and chunk size of flag and file replace the recipe's; the rest stays the recipe's."""
    given = {"recipe": RECIPE, "flags": {"tokenizer": None, "separator": "#c"}}
    assert settings(recipe=RECIPE).training_format == RECIPE.training_format
    assert settings(**given).training_format == TrainingFormat(PromptFormat("#c", "END"), 64)
    assert settings().training_format == TrainingFormat()


def test_chunk_size_over_the_recipes() -> None:
    """A chunk size that was given replaces the recipe's."""
    found = settings(flags={"chunk-size": 32}, recipe=RECIPE).training_format
    assert found == TrainingFormat(PromptFormat("#r", "END"), 32)


def test_a_choice_for_the_whole_run() -> None:
    """What holds for all files is the flag's, else the file's, else the default."""
    assert settings({"max-findings": 3}, {"max-findings": 5}).max_findings == 3
    assert settings(file={"max-findings": 5}).max_findings == 5
    assert settings().max_findings == 1000


def test_rules_of_flag_and_file() -> None:
    """Select and ignore are each the flag's, else the glob's, else the file's."""
    given = {
        "flags": {"select": ["DT1", "DT2"]},
        "file": {"select": ["DT4"], "ignore": ["DT101"]},
        "per_file": {"ignore": ["DT10"]},
    }
    codes = [rule.code for rule in settings(**given).rules]
    assert codes == [
        code for code in RULES if code.startswith(("DT11", "DT2")) and RULES[code].is_default
    ]


def test_thresholds_of_flag_and_file() -> None:
    """A threshold is the flag's, the glob's or the file's; one not given is left to its rule."""
    file, per_file, flags = ({"min-records": number} for number in (1, 2, 3))

    assert settings().options == {}
    assert settings(file=file).options == {"min-records": 1}
    assert settings(file=file, per_file=per_file).options == {"min-records": 2}
    assert settings(flags, file, per_file).options == {"min-records": 3}


def test_opt_in_rules_run_where_they_are_named(opt_in: type[Rule]) -> None:
    """Code or family selects an opt-in rule; nothing less does, and ignore still wins."""
    assert opt_in not in choose_rules()
    assert opt_in not in choose_rules(["DT"])
    assert opt_in not in choose_rules(["d"])
    assert choose_rules(["DT9"]) == choose_rules(["dt999"]) == (opt_in,)
    assert choose_rules(["DT", "DT999"])[-1] is opt_in
    assert choose_rules(["DT9"], ["DT999"]) == ()


def test_settings_default_to_the_default_rules() -> None:
    """Who makes settings without a choice of rules gets those that run by themselves."""
    assert LintSettings().rules == choose_rules()


def test_settings_can_be_sent_to_other_processes() -> None:
    """All that settings hold survives pickling."""
    full = settings(
        flags={"separator": "#", "inference-prompt": "a", "baseline": None}, recipe=RECIPE
    )
    assert pickle.loads(pickle.dumps(full)) == full
    assert pickle.loads(pickle.dumps(LintSettings())) == LintSettings()


def test_validation_data_is_not_compared_with_itself() -> None:
    """A file that belongs to the validation data has none to be compared with."""
    spelt_otherwise = SourceFile("x/../heldout.jsonl", Path("x/../heldout.jsonl").absolute())

    assert settings().validation_data == (HELD_OUT,)
    assert settings(source=HELD_OUT).validation_data == ()
    assert settings(source=spelt_otherwise).validation_data == ()


@pytest.mark.parametrize(
    ("flags", "file", "wanted"),
    [
        ({}, {}, False),
        ({"write-baseline": Path("b")}, {}, True),
        ({"format": "sarif"}, {}, True),
        ({}, {"format": "sarif"}, True),
        ({"write-baseline": Path("b"), "baseline": Path("missing")}, {}, True),
        ({"write-baseline": Path("b")}, {"baseline": Path("missing")}, True),
    ],
)
def test_fingerprints_are_made_where_they_are_used(
    flags: dict[str, Any], file: dict[str, Any], wanted: bool
) -> None:
    """They cost time, so only baselines and SARIF ask for them; a baseline to be is not read."""
    found = settings(flags, file)
    assert found.wants_fingerprints is wanted
    assert found.baseline is None


def test_a_baseline_is_read(tmp_path: Path) -> None:
    """The recorded findings stand in the settings."""
    (tmp_path / "b.json").write_text('{"version": 1, "findings": {"DT401": ["0f"]}}')

    found = settings(file={"baseline": tmp_path / "b.json"})

    assert found.baseline is not None
    assert [each in found.baseline for each in ("DT401:0f", "DT401:1f")] == [True, False]
    assert found.wants_fingerprints


def test_the_recipes_tokenizer_is_loaded_only_for_its_rules() -> None:
    """A recipe can be linted where its model is not at hand, unless tokens are asked about."""
    assert settings(recipe=RECIPE).tokenizer is None
    for place in ("flags", "file", "per_file"):
        choices: dict[str, Any] = {place: {"select": ["DT501"]}}
        with pytest.raises(InputError, match=r"^\./no-such-model: no such file or folder"):
            settings(**choices, recipe=RECIPE)
    with pytest.raises(InputError, match=r"^\./other: no such file or folder"):
        settings(flags={"tokenizer": "./other"}, recipe=RECIPE)


@pytest.mark.parametrize(
    ("flags", "file", "name"),
    [
        ({"chunk-size": 8}, {}, "--chunk-size"),
        ({}, {"chunk-size": 8}, "dataset-tools.toml: chunk-size"),
        ({"select": ["dt5"]}, {}, "--select"),
        ({}, {"select": ["DT1", "DT501"]}, "dataset-tools.toml: select"),
    ],
)
def test_token_settings_need_a_tokenizer(
    flags: dict[str, Any], file: dict[str, Any], name: str
) -> None:
    """A check that could not run is refused, and both settings are named."""
    for recipe in (None, DataSettings(TrainingFormat())):
        with pytest.raises(InputError) as refused:
            settings(flags, file, recipe=recipe)
        assert str(refused.value).startswith(f"{name}: tokens are counted with a tokenizer only")
        assert "--tokenizer" in str(refused.value)


WHOLE = RuleOption("tallest", 3, 1, 9, "Tallest.")
SHARE = RuleOption("tall-share", 0.5, 0, 1, "Share.")


@click.command()
@threshold_option(WHOLE)
@threshold_option(SHARE)
def thresholds(**values: Any) -> None:
    click.echo(given_flags(values))


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], "{}"),
        (["--tallest", "9"], "{'tallest': 9}"),
        (["--tall-share", "1e-1", "--tallest", "1"], "{'tall-share': 0.1, 'tallest': 1}"),
    ],
)
def test_thresholds_are_flags(arguments: list[str], found: str) -> None:
    """A flag that was given has its value; one that was not is left to the default."""
    result = CliRunner().invoke(thresholds, arguments)

    assert sorted(found) == sorted(result.output.strip())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tallest", "10"], "--tallest: found 10, expected a whole number of 1 or more up to 9"),
        (["--tallest", "x"], "--tallest: found 'x', expected a whole number of 1 or more up to 9"),
        (["--tallest", "2.5"], "--tallest: found '2.5', expected a whole number"),
        (["--tall-share", "nan"], "--tall-share: found nan, expected a number of 0 or more"),
        (["--tall-share", "-1"], "--tall-share: found -1.0, expected a number of 0 or more"),
    ],
)
def test_a_wrong_threshold_is_refused_by_name(arguments: list[str], message: str) -> None:
    """The message names the flag, what was found and what was expected."""
    result = CliRunner().invoke(thresholds, arguments)

    assert isinstance(result.exception, InputError)
    assert str(result.exception).startswith(message)


def test_the_help_shows_each_threshold_and_its_default() -> None:
    """A threshold's line says what it is and what holds without it."""
    text = CliRunner().invoke(thresholds, ["--help"]).output

    assert "--tallest N     Tallest. Default: 3." in text
    assert "--tall-share N  Share. Default: 0.5." in text


def test_every_option_has_its_own_name_and_a_place_in_the_help() -> None:
    """No threshold takes another flag's name, rules that share one agree, and none is left out."""
    options = [option for rule in RULES.values() for option in rule.options]
    flags = Counter(flag for param in command.params for flag in param.opts)
    context = command.make_context("lint", [], resilient_parsing=True, terminal_width=200)
    shown = re.findall(r"^  (?:-\w, )?(--[\w-]+)", command.get_help(context), re.MULTILINE)

    assert len({option.name for option in options}) == len(set(options))
    assert [flag for flag, count in flags.items() if count > 1] == []
    assert sorted(shown) == sorted([*(flag for flag in flags if flag.startswith("--")), "--help"])

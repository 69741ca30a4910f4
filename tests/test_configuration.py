"""Configuration files: where they are found, what they may hold, which files they change."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from dataset_tools.configuration import (
    Configuration,
    find_configuration,
    read_configuration,
)
from dataset_tools.configuration_keys import configuration_keys
from dataset_tools.errors import InputError
from dataset_tools.rules import RULES, Rule, RuleOption
from dataset_tools.sources import SourceFile, fetch

PAGE = Path(__file__).parents[1] / "docs" / "configuration.md"


class Tall(Rule):
    """A rule with thresholds, one whole and one not."""

    code = "DT999"
    name = "tall"
    options = (
        RuleOption("tallest", 3, 1, 9, "Tallest."),
        RuleOption("tall-share", 0.5, 0, 1, "Share."),
        RuleOption("tall-ratio", 2.0, 1, None, "Ratio."),
    )


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tests run in an empty folder with one rule more."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(RULES, "DT999", Tall)
    return tmp_path


def write(path: str, text: str) -> Path:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def refusal(text: str, name: str = "dataset-tools.toml") -> str:
    """The message that a file with this text draws."""
    with pytest.raises(InputError) as refused:
        read_configuration(write(name, text))
    message = str(refused.value)
    assert "\n" not in message
    return message


def local(name: str) -> SourceFile:
    return SourceFile(name, Path(name))


def test_no_file_is_no_configuration() -> None:
    """Without a file everything is left to flags, recipe and defaults."""
    write("pyproject.toml", "[project]\nname = 'dataset-tools'\n")
    write("other.toml", "jobs = 2\n")

    assert Configuration() == find_configuration()


@pytest.mark.parametrize(
    ("files", "folder", "found"),
    [
        (["dataset-tools.toml"], ".", "dataset-tools.toml"),
        (["pyproject.toml"], ".", "pyproject.toml"),
        (["dataset-tools.toml", "pyproject.toml"], ".", "dataset-tools.toml"),
        (["dataset-tools.toml"], "a/b", "../../dataset-tools.toml"),
        (["dataset-tools.toml", "a/pyproject.toml"], "a/b", "../pyproject.toml"),
        (["pyproject.toml", "a/b/dataset-tools.toml"], "a/b", "dataset-tools.toml"),
    ],
)
def test_the_nearest_file_holds(
    files: list[str], folder: str, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first folder upwards that has a file decides, our own file before the project's."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name in files:
        table = "[tool.dataset-tools]\n" if name.endswith("pyproject.toml") else ""
        write(name, f"{table}jobs = 3\n")
    monkeypatch.chdir(folder)

    configuration = find_configuration()

    assert configuration.path == Path(found)
    assert configuration.values == {"jobs": 3}


def test_a_project_without_our_table_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """A project file that says nothing of us, or is broken and not about us, hides nothing."""
    write("dataset-tools.toml", "jobs = 3\n")
    write("a/pyproject.toml", "[tool.other]\ndescription = 'like dataset-tools'\n")
    write("a/b/pyproject.toml", "[[[\n")
    monkeypatch.chdir("a/b")

    assert find_configuration().path == Path("../../dataset-tools.toml")


def test_a_removed_current_folder_has_no_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shell whose folder was removed can still lint by absolute path."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    assert Configuration() == find_configuration()


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('select = ["dt3", " DT401"]', {"select": ["DT3", "DT401"]}),
        ("ignore = []", {"ignore": []}),
        ('fail-on = "never"', {"fail-on": "never"}),
        ('format = "json"', {"format": "json"}),
        ("max-findings = 0", {"max-findings": 0}),
        (r'separator = "\n##\n"', {"separator": "\n##\n"}),
        ('stop-sequence = ""', {"stop-sequence": ""}),
        ('tokenizer = "owner/name"', {"tokenizer": "owner/name"}),
        ("chunk-size = 4", {"chunk-size": 4}),
        ('inference-prompt = "a ->"', {"inference-prompt": "a ->"}),
        ("jobs = 1", {"jobs": 1}),
        ("tallest = 9", {"tallest": 9}),
        ("tall-share = 1", {"tall-share": 1}),
        ("tall-share = 0.25", {"tall-share": 0.25}),
    ],
)
def test_sound_values(text: str, values: dict[str, Any]) -> None:
    """What a key may hold is taken over."""
    assert values == read_configuration(write("dataset-tools.toml", text)).values


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ('select = "DT3"', "select", "found 'DT3', expected a list of rule codes"),
        ("ignore = [3]", "ignore", "found [3], expected a list of rule codes"),
        ('ignore = ["DT1O2"]', "ignore", "unknown rule code 'DT1O2'; did you mean 'DT102'?"),
        ('fail-on = "info"', "fail-on", "found 'info', expected one of 'error', 'warning', 'never"),
        ('format = "xml"', "format", "found 'xml', expected one of 'text'"),
        ('max-findings = "1"', "max-findings", "found '1', expected a whole number of 0 or more"),
        ("max-findings = -1", "max-findings", "found -1, expected a whole number of 0 or more"),
        ("jobs = true", "jobs", "found true, expected a whole number of 1 or more"),
        ("jobs = 2.0", "jobs", "found 2.0, expected a whole number"),
        ("jobs = 0", "jobs", "found 0, expected a whole number of 1 or more"),
        ("chunk-size = 3", "chunk-size", "found 3, expected a whole number of 4 or more"),
        ("separator = 1", "separator", "found 1, expected a text"),
        (r"separator = '\n##'", "separator", r'TOML reads escapes in double quotes only: "\n##"'),
        (r"stop-sequence = '\t'", "stop-sequence", "in double quotes only"),
        (r"inference-prompt = 'a\n'", "inference-prompt", "in double quotes only"),
        ('recipe = ""', "recipe", "found '', expected a path"),
        ("schema = 1979-05-27", "schema", "expected a path"),
        ("validation-data = []", "validation-data", "found [], expected a path, a glob or a URL"),
        ("tokenizer = {}", "tokenizer", "found a table, expected a folder or a hub name"),
        ("tallest = 10", "tallest", "found 10, expected a whole number of 1 or more up to 9"),
        ("tallest = 2.5", "tallest", "found 2.5, expected a whole number"),
        ("tall-share = 1.5", "tall-share", "found 1.5, expected a number of 0 or more up to 1"),
        ("tall-share = nan", "tall-share", "found nan, expected a number"),
        ("tall-ratio = inf", "tall-ratio", "found inf, expected a number of 1 or more"),
        ("seperator = ''", "seperator", "unknown key; did you mean 'separator'?"),
        ("fail_on = 'never'", "fail_on", "unknown key; did you mean 'fail-on'?"),
        ("perfile = {}", "perfile", "unknown key; did you mean 'per-file'?"),
        ("zzz = 1", "zzz", "unknown key; keys are named like the flags of 'lint'"),
        ("write-baseline = 'x'", "write-baseline", "unknown key"),
        ("per-file = 1", "per-file", "found 1, expected a table for each glob"),
        ("per-file.a = 1", 'per-file."a"', "found 1, expected a table"),
        ("[per-file.'*.x']\njobs = 1", 'per-file."*.x".jobs', "holds for all files alike"),
        ("[per-file.a]\nignor = []", 'per-file."a".ignor', "did you mean 'ignore'?"),
        ("[per-file.a]\nignore = ['X']", 'per-file."a".ignore', "unknown rule code 'X'"),
        ("[per-file.a]\ntallest = 0", 'per-file."a".tallest', "found 0, expected"),
        ("[tool.dataset-tools]\njobs = 1", "tool.dataset-tools", "expected its keys at the top"),
    ],
)
def test_what_cannot_be_is_refused_by_file_and_key(text: str, place: str, words: str) -> None:
    """The message names the file, the key, what was found and what was expected."""
    message = refusal(text)
    in_project = re.sub(r"^\[per-file", "[tool.dataset-tools.per-file", text)
    if in_project == text:
        in_project = f"[tool.dataset-tools]\n{text}"

    assert message.startswith(f"dataset-tools.toml: {place}: ")
    assert words in message
    if not text.startswith("[tool"):
        expected = message.replace("dataset-tools.toml: ", "pyproject.toml: tool.dataset-tools.")
        assert expected == refusal(in_project, "pyproject.toml")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"jobs = 1\njobs == 2\n", "dataset-tools.toml:2:7: not valid TOML: invalid value"),
        (b"jobs = [", "dataset-tools.toml: not valid TOML: "),
        (b"separator = '\xff'", "dataset-tools.toml: not valid TOML: not UTF-8 text"),
        (b"jobs = " + b"[" * 100_000, "dataset-tools.toml: not valid TOML: nested too deep"),
        (b"jobs = " + b"9" * 5000, "dataset-tools.toml: not valid TOML: "),
    ],
)
def test_what_is_no_toml_is_refused_by_place(content: bytes, words: str) -> None:
    """A file that cannot be read as TOML is named, with line and column where they are known."""
    Path("dataset-tools.toml").write_bytes(content)

    with pytest.raises(InputError) as refused:
        find_configuration()

    assert str(refused.value).startswith(words)
    assert "\n" not in str(refused.value)


def test_a_named_file_must_hold_a_configuration() -> None:
    """A file that is missing, a folder, or a project without our table is named."""
    write("pyproject.toml", "[project]\n")
    Path("folder").mkdir()

    for name, words in (
        ("missing.toml", "missing.toml: cannot be read: No such file or directory"),
        ("folder", "folder: cannot be read: Is a directory"),
        ("pyproject.toml", "pyproject.toml: no configuration in it; expected a table"),
    ):
        with pytest.raises(InputError, match=re.escape(words)):
            read_configuration(Path(name))


def test_our_table_must_be_a_table() -> None:
    """`tool.dataset-tools` that is something else is named."""
    assert refusal("tool.dataset-tools = 1\n", "pyproject.toml") == (
        "pyproject.toml: tool.dataset-tools: found 1, expected a table"
    )


def test_paths_start_at_the_files_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative paths are made from the configuration's folder; others stay what they are."""
    write(
        "dataset-tools.toml",
        'recipe = "r.yaml"\nbaseline = "x/b.json"\nschema = "/s.json"\noutput-file = "~/o"\n'
        'validation-data = "data/*.jsonl"\ntokenizer = "./model"\n',
    )
    Path("a[b]").mkdir()
    monkeypatch.chdir("a[b]")

    assert find_configuration().values == {
        "recipe": Path("../r.yaml"),
        "baseline": Path("../x/b.json"),
        "schema": Path("/s.json"),
        "output-file": Path.home() / "o",
        "validation-data": "../data/*.jsonl",
        "tokenizer": str(Path("../model").absolute()),
    }


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("v.jsonl", "a[b]/v.jsonl"),
        ("*.jsonl", "a[[]b]/*.jsonl"),
        ("/v.jsonl", "/v.jsonl"),
        ("~/v.jsonl", "~/v.jsonl"),
        ("-", "-"),
        ("https://example.org/v.jsonl", "https://example.org/v.jsonl"),
    ],
)
def test_data_locations_start_at_the_files_folder(location: str, expected: str) -> None:
    """A folder whose name looks like a glob is taken as it stands; URLs start nowhere."""
    path = write("a[b]/dataset-tools.toml", f'validation-data = "{location}"\n')

    assert {"validation-data": expected} == read_configuration(path).values


PER_FILE = """
ignore = ["DT103"]
separator = "#"
[per-file."data/**/*.jsonl"]
separator = "->"
stop-sequence = "END"
tallest = 2
[per-file."data/old/*"]
separator = ""
ignore = []
[per-file."nothing/*"]
ignore = ["DT1"]
"""
TOP = {"ignore": ["DT103"], "separator": "#"}
DATA = {"ignore": ["DT103"], "separator": "->", "stop-sequence": "END", "tallest": 2}
OLD = {"ignore": [], "separator": "", "stop-sequence": "END", "tallest": 2}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("a.jsonl", TOP),
        ("data/a.jsonl", DATA),
        ("./data/x/a.jsonl", DATA),
        ("data/old/a.jsonl", OLD),
        ("data/x/../old/a.jsonl", OLD),
        ("<stdin>", TOP),
        ("https://example.org/data/a.jsonl", TOP),
        ("/elsewhere/data/a.jsonl", TOP),
        ("../data/a.jsonl", TOP),
    ],
)
def test_globs_change_the_files_that_match(name: str, values: dict[str, Any]) -> None:
    """Matching tables apply in the order of the file, each over what stood before."""
    write("dataset-tools.toml", PER_FILE)
    Path("data/x").mkdir(parents=True)

    assert values == find_configuration().values_for(local(name))


def test_globs_see_the_path_from_the_files_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever lint runs, and however the path is written, the same globs match."""
    write("dataset-tools.toml", PER_FILE)
    write("data/a.jsonl", "")
    Path("link").symlink_to("data")
    Path("home").mkdir()
    by_config = read_configuration(tmp_path / "dataset-tools.toml")
    monkeypatch.setenv("HOME", str(tmp_path))
    (by_home,) = fetch("~/data/a.jsonl")

    assert by_config.values_for(local("data/a.jsonl")) == DATA
    assert by_config.values_for(by_home) == DATA
    assert by_config.values_for(local("link/a.jsonl")) == TOP
    monkeypatch.chdir("home")
    for name in (str(tmp_path / "data/a.jsonl"), "../data/a.jsonl", "../home/../data/a.jsonl"):
        assert find_configuration().values_for(local(name)) == DATA


def test_the_pages_example_is_sound() -> None:
    """The example in the documentation can be used as it stands, in either file."""
    text = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)[0]
    document = tomllib.loads(text)

    configuration = read_configuration(write("dataset-tools.toml", text))

    per_file = document.pop("per-file")
    assert configuration.values == {
        **document,
        "baseline": Path(document["baseline"]),
    }
    assert [(each.pattern, each.values) for each in configuration.per_file] == [*per_file.items()]
    assert configuration.values_for(local("data/legacy/bare.jsonl"))["separator"] == ""
    assert configuration.values_for(local("data/legacy/x/a.jsonl"))["separator"] == " ->"


def test_the_page_lists_every_key() -> None:
    """A key cannot be added without a word on the page; thresholds stand with their rules."""
    section = PAGE.read_text().partition("## Keys")[2].partition("## Settings for some files")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    thresholds = {option.name for rule in RULES.values() for option in rule.options}

    listed = re.findall(r"`([a-z-]+)`", "".join(cells))

    assert sorted(listed) == sorted(configuration_keys().keys() - thresholds)
